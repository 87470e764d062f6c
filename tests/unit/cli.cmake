graft_test(cli_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/cli_exit_code_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_render_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/cli_watch_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_agent_commands_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_commands_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/cli_flags_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_render_history_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/cli_render_preflight_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_render_live_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/cli_output_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_tablets_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/cli_describe_test.cc ${CMAKE_CURRENT_LIST_DIR}/cli_rebuild_test.cc
  DEPS graft::cli graft::fake_store)
