graft_test(http_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_parts_test.cc ${CMAKE_CURRENT_LIST_DIR}/http_page_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/http_readiness_test.cc
  DEPS graft::status_scenes protobuf::libprotobuf)
graft_test(shard_view_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_shard_view_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/http_preflight_desk_test.cc
  DEPS graft::agent)
