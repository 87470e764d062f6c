graft_test(shard_rebuild_test LABEL integration TIMEOUT 300
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/shard_rebuild_test.cc DEPS graft::mini_shard)
add_dependencies(shard_rebuild_test graftd graftctl graft-mysqld)
