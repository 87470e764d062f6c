graft_library(fake_store SOURCES ${CMAKE_CURRENT_LIST_DIR}/fake_store.cc DEPS graft::base)
target_include_directories(graft_fake_store PUBLIC "${PROJECT_SOURCE_DIR}/tests")
