graft_test(wire_operation_test LABEL unit
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/wire_operation_test.cc" DEPS graft::wire)
graft_test(wire_provisioner_test LABEL unit
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/wire_provisioner_test.cc" DEPS graft::wire)
graft_test(log_test LABEL unit
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/log_test.cc" DEPS graft::log protobuf::libprotobuf)
