graft_test(queue_lock_test LABEL contract TIMEOUT 180
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/queue_lock_test.cc
  DEPS graft::kv_backends graft::topo)
