graft_test(shard_simulation_test LABEL faults
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/shard_simulation_test.cc
  DEPS graft::provision graft::topo graft::fake_mysql graft::fake_store graft::fake_journal
       graft::fake_server_host)
