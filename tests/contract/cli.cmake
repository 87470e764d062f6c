graft_test(cli_agent_client_test LABEL contract
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/cli_agent_client_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_graftctl_test.cc
  DEPS graft::cli)
