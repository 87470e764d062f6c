graft_test(repair_test LABEL integration TIMEOUT 400
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/repair_test.cc DEPS graft::mini_shard)
add_dependencies(repair_test graftd graftctl graft-mysqld)
graft_test(if_needed_test LABEL integration TIMEOUT 240
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/if_needed_test.cc DEPS graft::mini_shard)
add_dependencies(if_needed_test graftd graftctl graft-mysqld)
