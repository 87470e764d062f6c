graft_test(http_server_test LABEL contract
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/http_connections_test.cc"
          "${CMAKE_CURRENT_LIST_DIR}/http_server_test.cc"
  DEPS graft::status_scenes graft::testing)
