// A journal's file as the graft that wrote schema version 1 left it: an operation in the middle of
// its copy.
#pragma once

namespace graft {

inline constexpr char kJournalVersion1[] = R"({
 "schema_version": 1,
 "operation": {
  "id": "op-1",
  "recipient": "zone1-0000000101",
  "donor_choice": {
   "tablet": "zone1-0000000100"
  },
  "replicate_from": "REPLICATE_FROM_PRIMARY",
  "step": "clone",
  "outcome": "RUNNING",
  "data_state": "PARTIAL",
  "attempt": 3,
  "donor": "zone2-0000000100",
  "donor_mysql": "db-100.example:3306",
  "source": "zone1-0000000102",
  "source_mysql": "::1:3307",
  "requested": "2027-01-15T08:00:00.123456789Z",
  "ended": "2027-01-15T08:15:00Z",
  "times": [
   {
    "step": "preflight",
    "started": "2027-01-15T08:00:01Z",
    "ended": "2027-01-15T08:00:02Z"
   },
   {
    "step": "clone",
    "started": "2027-01-15T08:00:03Z"
   }
  ],
  "error": {
   "code": "UNAVAILABLE",
   "reason": "DONOR_GONE",
   "message": "the donor has gone"
  },
  "progress": {
   "stage": "FILE COPY",
   "stages": [
    {
     "stage": "DROP DATA",
     "state": "Completed",
     "estimate_bytes": "1",
     "data_bytes": "2",
     "network_bytes": "3",
     "begin_time": "t1",
     "end_time": "t2"
    },
    {
     "stage": "FILE COPY",
     "state": "In Progress",
     "estimate_bytes": "4",
     "data_bytes": "5",
     "network_bytes": "6",
     "begin_time": "t3",
     "end_time": "t4"
    }
   ],
   "bytes_done": "1000",
   "bytes_expected": "4000",
   "bytes_per_second": 100,
   "last_byte": "2027-01-15T08:00:10Z",
   "eta": "30s"
  }
 },
 "type_before": 2,
 "server_uuid": "00000000-0000-0000-0000-000000000101",
 "donor_uuid": "00000000-0000-0000-0000-000000000100",
 "run": {
  "not_before": "2026-11-20 13:00:00.123",
  "begin_time": "2026-11-20 13:00:00.456",
  "connection_id": "4711"
 },
 "fence": {
  "up": true,
  "replication_was_running": true,
  "variables": [
   {
    "name": "super_read_only",
    "value": "OFF"
   },
   {
    "name": "event_scheduler",
    "value": "ON",
    "persisted": ""
   },
   {
    "name": "read_only",
    "value": "OFF",
    "persisted": "ON"
   }
  ]
 },
 "type_after": 3,
 "data_before": "PARTIAL"
}
)";

}  // namespace graft
