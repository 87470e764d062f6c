graft_test(graft_mysqld_test LABEL integration TIMEOUT 300
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/graft_mysqld_test.cc
  DEPS graft::mysqld graft::testing)
add_dependencies(graft_mysqld_test graft-mysqld)
