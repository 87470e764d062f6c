graft_test(backup_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/backup_compression_test.cc ${CMAKE_CURRENT_LIST_DIR}/backup_manifest_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/backup_take_test.cc ${CMAKE_CURRENT_LIST_DIR}/backup_choice_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/backup_s3_test.cc
  DEPS graft::backups graft::testing)
graft_test(work_folder_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/backup_work_folder_test.cc
  DEPS graft::backup graft::testing)
