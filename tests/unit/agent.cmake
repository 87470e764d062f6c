graft_test(agent_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/agent_askers_test.cc ${CMAKE_CURRENT_LIST_DIR}/agent_check_flags_test.cc ${CMAKE_CURRENT_LIST_DIR}/agent_credentials_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/agent_start_command_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/agent_state_dir_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/agent_tablet_at_start_test.cc
  DEPS graft::agent graft::testing)
graft_test(tablet_agent_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/agent_tablet_keeper_test.cc ${CMAKE_CURRENT_LIST_DIR}/provision_world.cc
  DEPS graft::tablet_agent graft::fake_journal graft::fake_mysql graft::fake_server_host graft::fake_store)
