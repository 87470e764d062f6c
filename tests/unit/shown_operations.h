// Operations for the tests of what people see.
#pragma once

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"

namespace graft {

// Seconds since the operations were requested.
inline absl::Time At(double seconds) {
  return absl::FromUnixSeconds(1000) + absl::Seconds(seconds);
}

inline v1::Operation ParseOperation(const char* text) {
  v1::Operation operation;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &operation));
  return operation;
}

// In the middle of its second attempt's copy, sampled at At(133).
inline v1::Operation SecondAttempt() {
  return ParseOperation(R"pb(
    id: "20261120T172639-b8ac3013"
    recipient: "zone1-0000000103"
    donor: "zone1-0000000101"
    donor_mysql: "db-101.example:3306"
    step: "clone"
    outcome: RUNNING
    data_state: PARTIAL
    attempt: 2
    requested { seconds: 1000 }
    times {
      step: "fence"
      started { seconds: 1060 }
      ended { seconds: 1061 }
    }
    times {
      step: "clone"
      started { seconds: 1061 }
    }
    failed_attempts {
      attempt: 1
      donor: "zone1-0000000104"
      step: "clone"
      data_state: PARTIAL
      error {
        code: "UNAVAILABLE"
        reason: "DONOR_GONE"
        message: "no byte for 5m from 10.0.0.4:3306; look at that server and at the network "
                 "between the two, then ask again"
      }
    }
    progress {
      stage: "FILE COPY"
      percent: 45.27
      bytes_done: 1288490189
      bytes_expected: 2576980377
      bytes_per_second: 126143692
      eta { seconds: 240 }
      eta_low { seconds: 180 }
      eta_high { seconds: 420 }
      sampled { seconds: 1133 }
      phase_began { seconds: 1064 }
      last_byte { seconds: 1133 }
      phases {
        phase: "PREPARE"
        share: 0.05
        done: 1
        measured: true
        took { seconds: 61 }
      }
      phases {
        phase: "DROP DATA"
        share: 0.05
        done: 1
        took { seconds: 3 }
      }
      phases {
        phase: "FILE COPY"
        share: 0.6
        done: 0.5
        measured: true
        took { seconds: 69 }
      }
      phases { phase: "PAGE COPY" share: 0.02 measured: true }
      phases { phase: "REDO COPY" share: 0.03 measured: true }
      phases { phase: "FILE SYNC" share: 0.05 }
      phases { phase: "RESTART" share: 0.1 }
      phases { phase: "RECOVERY" share: 0.08 }
      phases { phase: "FINISH" share: 0.02 }
      stages {
        stage: "DROP DATA"
        state: "Completed"
        begin_time: "2026-11-20 13:00:00.000"
        end_time: "2026-11-20 13:00:03.000"
      }
      stages {
        stage: "FILE COPY"
        state: "In Progress"
        estimate_bytes: 2576980377
        data_bytes: 1288490189
        begin_time: "2026-11-20 13:00:03.000"
      }
    })pb");
}

// In the donor's queue.
inline v1::Operation Waiting() {
  return ParseOperation(R"(
    id: "op1" recipient: "zone1-0000000103" step: "claim_donor" outcome: RUNNING
    data_state: INTACT attempt: 2 donor: "zone1-0000000101" requested { seconds: 1000 }
    queue_place: 2 progress { note: "the holder is zone1-0000000104" })");
}

// Done, with every kind of event.
inline v1::Operation Eventful() {
  return ParseOperation(R"pb(
    id: "op1"
    recipient: "zone1-0000000103"
    step: "publish"
    outcome: DONE
    data_state: CLONED
    attempt: 2
    donor: "zone1-0000000101"
    requested { seconds: 1000 }
    ended { seconds: 1010 }
    failed_attempts {
      attempt: 1
      donor: "zone1-0000000104"
      step: "clone"
      data_state: EMPTY
      error { code: "UNAVAILABLE" reason: "DONOR_GONE" message: "no byte for 5m" }
    }
    refused_donors { alias: "zone1-0000000105" reason: "LAGS_BEHIND" text: "it is 2h behind" }
    findings {
      id: "DONOR_LAG"
      side: CHECK_SIDE_DONOR
      outcome: WARNING
      found: "10 minutes"
      remedy: "wait for it"
    }
    findings { id: "SOURCE_BINLOGS" side: CHECK_SIDE_SOURCE outcome: UNCHECKED found: "denied" }
    resumptions: 1
    claim_lost: true
    ended_sessions { connection_id: 12 user: "app" host: "10.0.0.1:4711" }
    proof {
      gtid_before: "u:1-9"
      gtid_discarded: "u:8-9"
      transactions_discarded: 2
      emptied_tables: "shop.log (MyISAM)"
      emptied_tables: "shop.x (CSV)"
      not_checked: "errant transactions: the primary was away"
    })pb");
}

}  // namespace graft
