// An Operation, and a TabletState with it, with every field set to something other than its
// default.
#pragma once

#include "absl/status/status.h"
#include "base/errors.h"
#include "graft/operation.h"
#include "graft/tablet_state.h"

namespace graft {

// What FullOperation() went through and proved.
inline void AddFullHistory(Operation& operation) {
  operation.failed_attempts = {{1,
                                {"zone1", 104},
                                Step::kClone,
                                DataState::kEmpty,
                                WithReason(absl::UnavailableError("refused"), "DONOR_UNREACHABLE"),
                                absl::FromUnixSeconds(1'800'000'002)},
                               {2,
                                {"zone1", 105},
                                Step::kClaimDonor,
                                DataState::kPartial,
                                absl::ResourceExhaustedError("it donates"),
                                absl::FromUnixSeconds(1'800'000'003)}};
  operation.refused_more = 1990;
  operation.refused_donors = {{{"zone1", 107}, "LAGS_BEHIND", "it is 2h behind"}};
  operation.findings = {{"DONOR_LAG", CheckSide::kDonor, CheckOutcome::kWarning, "its lag",
                         "10 minutes", "wait for it"},
                        {"SOURCE_BINLOGS", CheckSide::kSource, CheckOutcome::kUnchecked,
                         "its binary logs", "not readable", "grant it"}};
  operation.queue_place = 2;
  operation.claim_lost = true;
  operation.resumptions = 4;
  operation.ended_sessions = {{12, "app", "10.0.0.1:4711"}};
  operation.ended_sessions_more = 150;
  operation.request.if_needed = true;
  operation.old_data = {OldDataVerdict::kCopyNeeded,
                        "2 transactions behind",
                        "error 1062",
                        "uuid:1-9",
                        "uuid:1-11",
                        2,
                        1};
  operation.proof = {
      "uuid:1-9", "uuid:8-9", 2, {"shop.log (MyISAM)"}, {"shop.tick"}, "the primary was away"};
  operation.donor_patience = absl::Seconds(90);
  operation.from_backup = true;
  operation.backup = "2026-11-28.113000.zone1-0000000101";
}

inline Operation FullOperation() {
  Operation operation;
  operation.request = {"op-1",
                       OperationKind::kRelease,
                       {"alice@ops-1", "restored by hand", true},
                       {DonorChoice::Kind::kTablet, {"zone1", 100}, PrimaryAsDonor::kNever},
                       ReplicateFrom::kPrimary,
                       {100, 0, 8, false, true},
                       {true, {"DISK_SPACE", "SEMI_SYNC"}, true},
                       true,
                       true};
  operation.recipient = {"zone1", 101};
  operation.step = Step::kClone;
  operation.outcome = Outcome::kRunning;
  operation.data_state = DataState::kPartial;
  operation.attempt = 3;
  operation.donor = {"zone2", 100};
  operation.donor_mysql = {"db-100.example", 3306};
  operation.source = {"zone1", 102};
  operation.source_mysql = {"::1", 3307};
  operation.requested = absl::FromUnixNanos(1'800'000'000'123'456'789);
  operation.ended = absl::FromUnixSeconds(1'800'000'900);
  operation.times = {{Step::kPreflight, absl::FromUnixSeconds(1'800'000'001),
                      absl::FromUnixSeconds(1'800'000'002)},
                     {Step::kClone, absl::FromUnixSeconds(1'800'000'003), absl::InfinitePast()}};
  operation.error = WithReason(absl::UnavailableError("the donor has gone"), "DONOR_GONE");
  operation.progress = {CloneStage::kFileCopy,
                        {{CloneStage::kDropData, CloneState::kCompleted, "t1", "t2", 1, 2, 3},
                         {CloneStage::kFileCopy, CloneState::kInProgress, "t3", "t4", 4, 5, 6}},
                        1000,
                        4000,
                        100.0,
                        absl::FromUnixSeconds(1'800'000'010),
                        "2026-11-20 13:00:00.123",
                        "the donor is silent for 12s",
                        25.5,
                        Eta{absl::Seconds(30), absl::Seconds(20), absl::Seconds(90)},
                        {{Phase::kFileCopy, 0.75, 0.25, true, absl::Seconds(10)},
                         {Phase::kFinish, 0.25, 0, false, absl::ZeroDuration()}},
                        4,
                        12.5,
                        absl::FromUnixSeconds(1'800'000'004),
                        absl::FromUnixSeconds(1'800'000'011),
                        absl::FromUnixSeconds(1'800'000'009)};
  AddFullHistory(operation);
  return operation;
}

inline SentClone FullSentClone() {
  return {"2026-11-20 13:00:00.123",
          "2026-11-20 13:00:00.456",
          4711,
          "1170@2026-11-19 08:00:00",
          {DonorChoice::Kind::kTablet, {"zone1", 103}, PrimaryAsDonor::kLikeOthers},
          {"zone2", 100},
          {"db-100.example", 3306},
          "uuid-100:1-20",
          "uuid-101:1-9",
          {"legacy", "shop"},
          true};
}

// In the middle of FullOperation().
inline TabletState FullTabletState() {
  TabletState state;
  state.sequence = 47;
  state.operation = FullOperation();
  state.data_before = DataState::kPartial;
  state.clone = FullSentClone();
  state.fence = {
      true,
      true,
      true,
      {{"super_read_only", "OFF", std::nullopt},
       {"event_scheduler", "ON", std::string()},
       {"read_only", "OFF", "ON"}},
      {{"clone_max_concurrency", "16", std::nullopt}, {"clone_block_ddl", "OFF", "OFF"}}};
  state.replication = {absl::Minutes(1), {{"", "REPLICATE_DO_DB", "shop", true, true}}};
  state.cancel = GrantedCancel{CancelWish::kEvenIfDropped, absl::FromUnixSeconds(1'800'000'012)};
  state.throttle = {11, 12, 13, true, false};
  state.type_before = TabletType::kReplica;
  state.type_after = TabletType::kRdonly;
  state.earlier_failures = {{7,
                             {"zone1", 106},
                             Step::kVerify,
                             DataState::kCloned,
                             WithReason(absl::DataLossError("errant"), "ERRANT_TRANSACTIONS"),
                             absl::FromUnixSeconds(1'799'999'000)}};
  state.data_directory = "/data/";
  state.error_log = "/log/error.log";
  state.server_uuid = "00000000-0000-0000-0000-000000000101";
  state.donor_uuid = "00000000-0000-0000-0000-000000000100";
  state.source_uuid = "00000000-0000-0000-0000-000000000104";
  state.donor_gtid = "uuid-100:1-21";
  return state;
}

}  // namespace graft
