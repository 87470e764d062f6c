graft_test(base_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/base_duration_flag_test.cc ${CMAKE_CURRENT_LIST_DIR}/base_clock_anchor_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/base_errors_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/base_files_test.cc ${CMAKE_CURRENT_LIST_DIR}/base_gtid_set_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/base_names_test.cc ${CMAKE_CURRENT_LIST_DIR}/base_server_version_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/base_shard_rebuild_test.cc ${CMAKE_CURRENT_LIST_DIR}/base_waiting_test.cc
  DEPS graft::base graft::testing)
