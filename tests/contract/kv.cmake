graft_library(kv_backends
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/kv_backends.cc ${CMAKE_CURRENT_LIST_DIR}/count_up.cc
  DEPS graft::etcd graft::filestore graft::metrics graft::fake_store graft::testing GTest::gtest)
graft_test(key_value_store_test LABEL contract TIMEOUT 180
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/key_value_store_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/key_value_watch_test.cc
  DEPS graft::kv_backends)
foreach(name etcd_store_test folder_store_test)
  graft_test(${name} LABEL contract TIMEOUT 180
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/${name}.cc DEPS graft::kv_backends)
endforeach()

graft_program(folder_counter
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/folder_counter.cc ${CMAKE_CURRENT_LIST_DIR}/count_up.cc
  DEPS graft::filestore)
target_include_directories(folder_counter PRIVATE "${PROJECT_SOURCE_DIR}/tests")
set_target_properties(folder_counter PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
target_compile_definitions(folder_store_test PRIVATE FOLDER_COUNTER="$<TARGET_FILE:folder_counter>")
add_dependencies(folder_store_test folder_counter)
