graft_test(agent_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/agent_check_flags_test.cc ${CMAKE_CURRENT_LIST_DIR}/agent_credentials_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/agent_tablet_at_start_test.cc ${CMAKE_CURRENT_LIST_DIR}/agent_tablet_keeper_test.cc ${CMAKE_CURRENT_LIST_DIR}/provision_world.cc
  DEPS graft::agent graft::fake_journal graft::fake_mysql graft::fake_server_host graft::fake_store graft::testing)
