graft_test(server_host_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/server_host_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/server_host_error_log_test.cc
  DEPS graft::host graft::fake_server_host graft::testing)
