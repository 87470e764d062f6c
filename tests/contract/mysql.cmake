graft_test(mysql_server_test LABEL contract TIMEOUT 300 RUN_SERIAL
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/mysql_backends.cc"
          "${CMAKE_CURRENT_LIST_DIR}/mysql_connector_test.cc"
          "${CMAKE_CURRENT_LIST_DIR}/mysql_server_test.cc"
          "${CMAKE_CURRENT_LIST_DIR}/mysql_state_test.cc"
          "${CMAKE_CURRENT_LIST_DIR}/mysql_survey_real_test.cc"
          "${CMAKE_CURRENT_LIST_DIR}/mysql_survey_test.cc"
  DEPS graft::mysql graft::fake_mysql graft::testing)
add_dependencies(mysql_server_test graft-mysqld)
