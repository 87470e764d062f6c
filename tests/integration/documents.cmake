graft_test(documents_test LABEL integration TIMEOUT 120
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/documents_test.cc DEPS graft::testing)
add_dependencies(documents_test graftd graftctl graft-mysqld documents)
