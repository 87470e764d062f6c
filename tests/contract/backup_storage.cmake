graft_test(backup_storage_test LABEL contract TIMEOUT 120 SOURCES ${CMAKE_CURRENT_LIST_DIR} /
           backup_storage_test.cc ${CMAKE_CURRENT_LIST_DIR} /
           backup_s3_errors_test.cc ${CMAKE_CURRENT_LIST_DIR} /
           backup_s3_faults_test.cc DEPS graft::backups graft::s3_server)
