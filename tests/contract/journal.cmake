graft_test(journal_test LABEL contract
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/journal_test.cc"
  DEPS graft::journal graft::fake_journal graft::testing)
