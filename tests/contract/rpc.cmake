graft_test(rpc_server_test LABEL contract
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/rpc_server_test.cc"
          "${CMAKE_CURRENT_LIST_DIR}/rpc_connections_test.cc"
          "${CMAKE_CURRENT_LIST_DIR}/rpc_preflight_test.cc"
  DEPS graft::rpc graft::testing)
