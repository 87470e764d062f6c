graft_test(command_line_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/command_line_completion_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/command_line_given_options_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/command_line_man_page_test.cc
  DEPS graft::command_line graft::testing)
