// A journal's file as the graft that wrote schema version 3 left it: an operation in the middle of
// its copy.
#pragma once

namespace graft {

inline constexpr char kJournalVersion3[] = R"json({
 "schema_version": 3,
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
   "eta": "30s",
   "note": "the donor is silent for 12s",
   "eta_low": "20s",
   "eta_high": "90s",
   "percent": 25.5,
   "phases": [
    {
     "phase": "FILE COPY",
     "share": 0.75,
     "done": 0.25,
     "measured": true,
     "took": "10s"
    },
    {
     "phase": "FINISH",
     "share": 0.25,
     "took": "0s"
    }
   ],
   "learnt_from": 4,
   "recovery_percent": 12.5,
   "phase_began": "2027-01-15T08:00:04Z",
   "sampled": "2027-01-15T08:00:11Z"
  },
  "settings": {
   "max_data_bandwidth_mib": "100",
   "max_network_bandwidth_mib": "0",
   "max_concurrency": 8,
   "compression": false,
   "block_ddl": true
  },
  "allow": {
   "non_innodb": true,
   "unchecked": true
  },
  "failed_attempts": [
   {
    "attempt": 1,
    "donor": "zone1-0000000104",
    "step": "clone",
    "data_state": "EMPTY",
    "error": {
     "code": "UNAVAILABLE",
     "reason": "DONOR_UNREACHABLE",
     "message": "refused"
    },
    "ended": "2027-01-15T08:00:02Z"
   },
   {
    "attempt": 2,
    "donor": "zone1-0000000105",
    "step": "claim_donor",
    "data_state": "PARTIAL",
    "error": {
     "code": "RESOURCE_EXHAUSTED",
     "message": "it donates"
    },
    "ended": "2027-01-15T08:00:03Z"
   }
  ],
  "refused_donors": [
   {
    "alias": "zone1-0000000107",
    "reason": "LAGS_BEHIND",
    "text": "it is 2h behind"
   }
  ],
  "findings": [
   {
    "id": "DONOR_LAG",
    "side": "CHECK_SIDE_DONOR",
    "outcome": "WARNING",
    "looks_at": "its lag",
    "found": "10 minutes",
    "remedy": "wait for it"
   },
   {
    "id": "SOURCE_BINLOGS",
    "side": "CHECK_SIDE_SOURCE",
    "outcome": "UNCHECKED",
    "looks_at": "its binary logs",
    "found": "not readable",
    "remedy": "grant it"
   }
  ],
  "queue_place": 2,
  "claim_lost": true,
  "resumptions": 4,
  "ended_sessions": [
   {
    "connection_id": "12",
    "user": "app",
    "host": "10.0.0.1:4711"
   }
  ],
  "proof": {
   "gtid_before": "uuid:1-9",
   "gtid_discarded": "uuid:8-9",
   "transactions_discarded": "2",
   "emptied_tables": [
    "shop.log (MyISAM)"
   ],
   "not_checked": "the primary was away"
  },
  "donor_patience": "90s"
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
  ],
  "clone_settings": [
   {
    "name": "clone_max_concurrency",
    "value": "16"
   },
   {
    "name": "clone_block_ddl",
    "value": "OFF",
    "persisted": "OFF"
   }
  ]
 },
 "type_after": 3,
 "data_before": "PARTIAL",
 "earlier_failures": [
  {
   "attempt": 7,
   "donor": "zone1-0000000106",
   "step": "verify",
   "data_state": "CLONED",
   "error": {
    "code": "DATA_LOSS",
    "reason": "ERRANT_TRANSACTIONS",
    "message": "errant"
   },
   "ended": "2027-01-15T07:43:20Z"
  }
 ],
 "data_directory": "/data/",
 "error_log": "/log/error.log"
}
)json";

}  // namespace graft
