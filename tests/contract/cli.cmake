graft_test(cli_agent_client_test LABEL contract
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/cli_agent_client_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_graftctl_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/cli_yaml_test.cc
  DEPS graft::cli graft::testing)
graft_test(cli_terminal_test LABEL contract
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/cli_terminal_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_pty.cc
  DEPS graft::proto_graft_service graft::testing util)
add_dependencies(cli_terminal_test graftctl)
