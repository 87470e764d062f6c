graft_test(documents_test LABEL integration TIMEOUT 120
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/documents_test.cc DEPS graft::testing)
add_dependencies(documents_test graftd graftctl graft-mysqld graft-backup documents)

# docs/reference/flags.md is what the programs' --help says.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME reference_flags_test
  COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/scripts/reference-flags" --check $<TARGET_FILE_DIR:graftd>)
set_tests_properties(reference_flags_test PROPERTIES LABELS integration TIMEOUT 60)
