# The real programs under fault. Each test starts a shard of its own, so two may run side by side.
function(graft_real_fault_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;SHARDS" "" ${ARGN})
  graft_test(${name} LABEL faults TIMEOUT ${ARG_TIMEOUT}
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/${name}.cc ${CMAKE_CURRENT_LIST_DIR}/real_fault_suite.cc
    DEPS graft::mini_shard)
  add_dependencies(${name} graftd graftctl graft-mysqld)
  if(NOT ARG_SHARDS)
    return()
  endif()
  # <name> runs the first part of its table, <name>_2 the second and so on. GoogleTest deals the
  # cases out in turn.
  get_test_property(${name} ENVIRONMENT environment)
  foreach(shard RANGE 1 ${ARG_SHARDS})
    set(entry ${name})
    math(EXPR index "${shard} - 1")
    if(shard GREATER 1)
      set(entry ${name}_${shard})
      add_test(NAME ${entry} COMMAND ${name})
    endif()
    set_tests_properties(${entry} PROPERTIES LABELS faults TIMEOUT ${ARG_TIMEOUT}
      ENVIRONMENT "${environment};GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

graft_real_fault_test(real_faults_test TIMEOUT 600 SHARDS 4)
graft_real_fault_test(real_stage_faults_test TIMEOUT 400)
graft_real_fault_test(real_pairs_test TIMEOUT 500)
graft_real_fault_test(real_network_faults_test TIMEOUT 300)
graft_real_fault_test(real_disk_faults_test TIMEOUT 300)
