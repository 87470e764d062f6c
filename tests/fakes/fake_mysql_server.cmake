graft_library(fake_mysql SOURCES
              "${CMAKE_CURRENT_LIST_DIR}/fake_mysql_server.cc"
              "${CMAKE_CURRENT_LIST_DIR}/fake_mysql_core.cc"
              "${CMAKE_CURRENT_LIST_DIR}/fake_mysql_clone.cc"
              "${CMAKE_CURRENT_LIST_DIR}/fake_mysql_replication.cc"
              "${CMAKE_CURRENT_LIST_DIR}/fake_mysql_survey.cc" DEPS graft::base graft::mysql_text)
    target_include_directories(graft_fake_mysql PUBLIC "${PROJECT_SOURCE_DIR}/tests")
