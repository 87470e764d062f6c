graft_test(rpc_server_test LABEL contract
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/rpc_server_test.cc" DEPS graft::rpc)
