graft_test(topo_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/topo_keys_test.cc ${CMAKE_CURRENT_LIST_DIR}/topo_records_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/topo_vitess_topology_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/topo_queue_locks_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/topo_registration_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/topo_shard_rebuilds_test.cc
  DEPS graft::topo graft::fake_store)
