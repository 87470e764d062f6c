# The README's own commands, as they stand. guides.cmake has the lock of the ports.
add_test(NAME readme_test COMMAND "${CMAKE_CURRENT_LIST_DIR}/guides_test.sh"
  "README.md#A five-minute tour" "done: data CLONED")
set_tests_properties(readme_test PROPERTIES
  LABELS integration TIMEOUT 320 RESOURCE_LOCK guide_ports COST 1000
  ENVIRONMENT "GRAFT_BIN_DIR=${CMAKE_BINARY_DIR}/bin;GRAFT_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
