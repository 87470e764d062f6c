graft_test(backup_integration_test LABEL integration TIMEOUT 900
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/backup_test.cc DEPS graft::backups graft::mini_shard graft::s3_server)
add_dependencies(backup_integration_test graftd graftctl graft-mysqld graft-backup)

graft_test(restore_backup_test LABEL integration TIMEOUT 900
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/restore_backup_test.cc
  DEPS graft::backups graft::mini_shard graft::mysqld)
add_dependencies(restore_backup_test graftd graftctl graft-mysqld graft-backup)
