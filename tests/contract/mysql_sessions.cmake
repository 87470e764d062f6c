graft_test(mysql_sessions_test LABEL contract TIMEOUT 180
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/mysql_sessions_test.cc" DEPS graft::mysql graft::testing)
add_dependencies(mysql_sessions_test graft-mysqld)
