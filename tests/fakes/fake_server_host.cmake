graft_library(fake_server_host SOURCES
              "${CMAKE_CURRENT_LIST_DIR}/fake_server_host.cc" DEPS graft::base)
    target_include_directories(graft_fake_server_host PUBLIC "${PROJECT_SOURCE_DIR}/tests")
