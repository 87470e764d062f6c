graft_test(preflight_test LABEL integration TIMEOUT 400
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/preflight_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_operation_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/preflight_suite.cc ${CMAKE_CURRENT_LIST_DIR}/idle_session.cc
  DEPS graft::mini_shard)
add_dependencies(preflight_test graftd graftctl graft-mysqld)
