# The commands of the guides in docs/guides, as they stand.
function(graft_guide name)
  add_test(NAME guide_${name} COMMAND "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/guides_test.sh"
    docs/guides/${name}.md ${ARGN})
  set_tests_properties(guide_${name} PROPERTIES
    LABELS integration TIMEOUT 320 RESOURCE_LOCK guide_ports COST 1000
    ENVIRONMENT "GRAFT_BIN_DIR=${CMAKE_BINARY_DIR}/bin;GRAFT_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endfunction()

graft_guide(first-shard "done: data CLONED" "error 1032" "ready to serve client requests")
graft_guide(beside-vitess "done: data CLONED" "/vitess/zone2/tablets/zone2-0000000101/Tablet"
  "graft.data_state")
graft_guide(automatic-repair "done: data CLONED" "repair-1032" "limit of repairs within 24 hours"
  "stopped by hand")
graft_guide(catching-up "done: data INTACT" "saved a copy" "a copy is needed")
graft_guide(throttling "donor zone1-0000000102" "exit code 5")
graft_guide(rehearsing-a-failure "taken up again" "RECIPIENT_CRASHED" "record cannot be written")
graft_guide(monitoring "graft_tablet_info" "GraftReplicationStopped")
graft_guide(when-it-goes-wrong "exit code 5" "exit code 6" "data EMPTY" "done: data CLONED")
graft_guide(rebuild-a-shard "2 of 2 done" "round 2" "stopped by" "exit code 7")
graft_guide(backups "good: shop/0/" "three" "the backup is complete" "nothing to remove")
