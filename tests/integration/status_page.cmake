graft_program(serve_scene SOURCES ${CMAKE_CURRENT_LIST_DIR}/serve_scene.cc DEPS graft::status_scenes)
set_target_properties(serve_scene PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
