graft_test(metrics_integration_test LABEL integration TIMEOUT 240
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/metrics_test.cc DEPS graft::mini_shard)
add_dependencies(metrics_integration_test graftd graftctl graft-mysqld)
