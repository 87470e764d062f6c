graft_test(view_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/view_events_test.cc ${CMAKE_CURRENT_LIST_DIR}/view_operation_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/view_text_test.cc
  DEPS graft::view)
