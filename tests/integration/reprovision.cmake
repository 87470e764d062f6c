graft_test(reprovision_test LABEL integration TIMEOUT 420
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/reprovision_test.cc ${CMAKE_CURRENT_LIST_DIR}/agent_stops_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/killers_test.cc ${CMAKE_CURRENT_LIST_DIR}/reprovision_suite.cc
          ${CMAKE_CURRENT_LIST_DIR}/secrets_test.cc
  DEPS graft::mini_shard)
add_dependencies(reprovision_test graftd graftctl graft-mysqld)
graft_test(restore_at_start_test LABEL integration TIMEOUT 240
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/restore_at_start_test.cc DEPS graft::mini_shard)
add_dependencies(restore_at_start_test graftd graftctl graft-mysqld)
graft_test(bad_input_test LABEL integration TIMEOUT 240
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/bad_input_test.cc DEPS graft::mini_shard)
add_dependencies(bad_input_test graftd graftctl graft-mysqld)
