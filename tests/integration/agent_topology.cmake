graft_test(agent_topology_test LABEL integration TIMEOUT 240
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/agent_topology_test.cc DEPS graft::testing)
add_dependencies(agent_topology_test graftd graftctl)
