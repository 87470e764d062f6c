graft_program(serve_scene SOURCES ${CMAKE_CURRENT_LIST_DIR}/serve_scene.cc DEPS graft::status_scenes)
set_target_properties(serve_scene PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")

# A browser, two mysqlds and two agents: alone, so that what the page shows within seconds is not
# held up by other tests.
graft_test(status_page_test LABEL integration TIMEOUT 180 RUN_SERIAL
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/status_page_test.cc DEPS graft::mini_shard)
add_dependencies(status_page_test graftd graftctl graft-mysqld serve_scene)
