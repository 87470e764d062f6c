graft_test(mysqld_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/mysqld_accounts_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/mysqld_my_cnf_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/mysqld_restart_policy_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/mysqld_stale_doublewrite_test.cc
  DEPS graft::mysqld graft::testing)
