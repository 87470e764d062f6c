graft_test(donors_test LABEL integration TIMEOUT 300
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/donors_test.cc DEPS graft::mini_shard graft::topo_open)
add_dependencies(donors_test graftd graftctl graft-mysqld)
graft_test(many_records_test LABEL integration TIMEOUT 300
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/many_records_test.cc DEPS graft::mini_shard graft::topo_open)
add_dependencies(many_records_test graftd graftctl graft-mysqld)
