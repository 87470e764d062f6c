graft_test(command_line_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/command_line_test.cc
  DEPS graft::command_line graft::testing CLI11::CLI11)
