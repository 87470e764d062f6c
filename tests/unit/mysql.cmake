foreach(part statements error_map tables session_tables survey_tables)
  graft_test(mysql_${part}_test LABEL unit
    SOURCES "${CMAKE_CURRENT_LIST_DIR}/mysql_${part}_test.cc" DEPS graft::mysql_text)
endforeach()
graft_test(mysql_fake_test LABEL unit
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/mysql_fake_test.cc"
          "${CMAKE_CURRENT_LIST_DIR}/mysql_fake_survey_test.cc" DEPS graft::fake_mysql)
