graft_library(kv_backends SOURCES ${CMAKE_CURRENT_LIST_DIR}/kv_backends.cc
  DEPS graft::etcd graft::filestore graft::fake_store GTest::gtest)
foreach(name key_value_store_test etcd_store_test folder_store_test)
  graft_test(${name} LABEL contract TIMEOUT 180
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/${name}.cc DEPS graft::kv_backends)
endforeach()
