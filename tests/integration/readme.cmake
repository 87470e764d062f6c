# The README's own commands, as they stand.
add_test(NAME readme_test COMMAND "${CMAKE_CURRENT_LIST_DIR}/readme_test.sh")
set_tests_properties(readme_test PROPERTIES
  LABELS integration TIMEOUT 180
  ENVIRONMENT "GRAFT_BIN_DIR=${CMAKE_BINARY_DIR}/bin;GRAFT_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
