graft_test(provision_parts_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/clone_verdict_test.cc ${CMAKE_CURRENT_LIST_DIR}/operations_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/operations_watch_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/donor_ranking_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_recipient_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_donor_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_identity_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_compatibility_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_account_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_data_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_replication_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_rows.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_test.cc ${CMAKE_CURRENT_LIST_DIR}/progress_meter_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/progress_estimate_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/tablet_owner_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/tablet_record_test.cc ${CMAKE_CURRENT_LIST_DIR}/start_decision_test.cc
  DEPS graft::provision graft::fake_journal)
