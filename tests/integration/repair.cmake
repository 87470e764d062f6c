graft_test(repair_test LABEL integration TIMEOUT 400
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/repair_test.cc DEPS graft::mini_shard)
add_dependencies(repair_test graftd graftctl graft-mysqld)
