# Two and three faults at once, through the agent's own take-up.
foreach(test pairs_test random_faults_test)
  graft_test(${test} LABEL pairs TIMEOUT 600
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/${test}.cc ${CMAKE_CURRENT_LIST_DIR}/agent_witness.cc
            ${CMAKE_CURRENT_LIST_DIR}/agent_world.cc ${CMAKE_CURRENT_LIST_DIR}/gated_ports.cc
            ${CMAKE_CURRENT_LIST_DIR}/promises.cc
    DEPS graft::tablet_agent graft::topo_open graft::command_line graft::wire graft::fake_mysql
         graft::fake_store graft::fake_journal graft::fake_server_host)
endforeach()
