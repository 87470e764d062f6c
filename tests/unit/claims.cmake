graft_test(claims_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/auto_repair_test.cc ${CMAKE_CURRENT_LIST_DIR}/claim_keeper_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/rebuild_member_test.cc ${CMAKE_CURRENT_LIST_DIR}/repair_decision_test.cc ${CMAKE_CURRENT_LIST_DIR}/shard_line_test.cc
  DEPS graft::provision graft::topo graft::fake_mysql graft::fake_store)
