graft_library(fake_journal SOURCES "${CMAKE_CURRENT_LIST_DIR}/fake_journal.cc" DEPS graft::base)
    target_include_directories(graft_fake_journal PUBLIC "${PROJECT_SOURCE_DIR}/tests")
