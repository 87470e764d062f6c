graft_test(metrics_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/metrics_calls_test.cc ${CMAKE_CURRENT_LIST_DIR}/metrics_operation_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/metrics_tally_test.cc ${CMAKE_CURRENT_LIST_DIR}/metrics_text_test.cc
  DEPS graft::metrics graft::provision graft::topo graft::topo_open graft::fake_mysql graft::fake_store graft::testing)

graft_program(metrics_sample SOURCES ${CMAKE_CURRENT_LIST_DIR}/metrics_sample.cc DEPS graft::metrics)
target_include_directories(metrics_sample PRIVATE "${PROJECT_SOURCE_DIR}/tests")
set_target_properties(metrics_sample PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
add_dependencies(unit_tests metrics_sample)

# What docs/ says about the metrics, against what is exposed; alerts and dashboard, by promtool.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME metrics_docs_test
  COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/metrics_docs_test.py $<TARGET_FILE:metrics_sample>)
set_tests_properties(metrics_docs_test PROPERTIES LABELS unit TIMEOUT 60)
