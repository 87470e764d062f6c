graft_test(queue_test LABEL integration TIMEOUT 300
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/queue_test.cc DEPS graft::mini_shard graft::topo_open)
add_dependencies(queue_test graftd graftctl graft-mysqld)
graft_test(etcd_full_test LABEL integration TIMEOUT 300
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/etcd_full_test.cc DEPS graft::mini_shard)
add_dependencies(etcd_full_test graftd graftctl graft-mysqld)
graft_test(cascade_test LABEL integration TIMEOUT 300
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/cascade_test.cc DEPS graft::mini_shard)
add_dependencies(cascade_test graftd graftctl graft-mysqld)
