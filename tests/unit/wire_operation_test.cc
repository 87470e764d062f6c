#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "unit/full_operation.h"
#include "wire/fields.h"
#include "wire/operation_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::StatusOr<Operation> FromProto(const v1::Operation& proto) {
  return FromMessage<Operation>(proto);
}

// Names of the fields, in `message` and below, that are unset: in every message of a kind that
// occurs several times a field must be set in one of them.
void CollectUnset(const std::vector<const Message*>& messages, const std::string& path,
                  std::vector<std::string>& unset) {
  const auto* descriptor = messages.front()->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    std::vector<const Message*> children;
    bool set = false;
    for (const Message* message : messages) {
      const auto* reflection = message->GetReflection();
      if (field->is_repeated()) {
        const int size = reflection->FieldSize(*message, field);
        set = set || size > 0;
        for (int k = 0; k < size && field->message_type() != nullptr; ++k) {
          children.push_back(&reflection->GetRepeatedMessage(*message, field, k));
        }
      } else if (reflection->HasField(*message, field)) {
        set = true;
        if (field->message_type() != nullptr) {
          children.push_back(&reflection->GetMessage(*message, field));
        }
      }
    }
    // Only one of a choice can be set; the other has a test of its own. All checks, or some.
    const bool excused = field->real_containing_oneof() != nullptr ||
                         field->full_name() == "graft.v1.Allowances.unchecked";
    if (!set && !excused) unset.push_back(path + field->name());
    const bool ours =
        field->message_type() != nullptr && field->message_type()->file()->package() == "graft.v1";
    if (ours && !children.empty()) CollectUnset(children, path + field->name() + ".", unset);
  }
}

TEST(WireOperation, AFullOperationSetsEveryFieldOfTheRecord) {
  const v1::JournalRecord record = ToJournalRecord(FullTabletState());
  std::vector<std::string> unset;
  CollectUnset({&record}, "", unset);
  EXPECT_THAT(unset, IsEmpty());
}

// The proto side shows the plain side's fields, so a lost one shows as a difference here.
TEST(WireOperation, TheRecordComesBackAsItWas) {
  const v1::JournalRecord record = ToJournalRecord(FullTabletState());
  const absl::StatusOr<TabletState> back = FromJournalRecord(record);
  ASSERT_TRUE(back.ok()) << back.status();
  std::string differences;
  MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&differences);
  EXPECT_TRUE(differencer.Compare(record, ToJournalRecord(*back))) << differences;
}

TEST(WireOperation, AnIpv6AddressComesBackWithoutItsBrackets) {
  TabletState state = FullTabletState();
  state.operation.donor_mysql = {"2001:db8::7", 3306};
  const v1::JournalRecord record = ToJournalRecord(state);
  EXPECT_EQ(record.operation().donor_mysql(), "[2001:db8::7]:3306");
  const absl::StatusOr<TabletState> back = FromJournalRecord(record);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->operation.donor_mysql.host, "2001:db8::7");
}

// ToProto could lose a field that FromProto then cannot miss: every plain field by hand.
TEST(WireOperation, EveryPlainFieldOfTheOperationSurvives) {
  const Operation full = FullOperation();
  const absl::StatusOr<Operation> back = FromProto(ToProto(full));
  ASSERT_TRUE(back.ok()) << back.status();
  // A new member makes these bindings not compile: test it below, then add it here.
  const auto& [request, recipient, step, outcome, data_state, attempt, failed_attempts,
               refused_donors, refused_more, findings, queue_place, claim_lost, resumptions,
               ended_sessions, ended_sessions_more, proof, old_data, donor_patience, from_backup,
               backup, donor, donor_mysql, source, source_mysql, requested, ended, times, error,
               progress] = *back;
  EXPECT_EQ(request, full.request);
  EXPECT_EQ(recipient, full.recipient);
  EXPECT_EQ(step, full.step);
  EXPECT_EQ(outcome, full.outcome);
  EXPECT_EQ(data_state, full.data_state);
  EXPECT_EQ(attempt, full.attempt);
  EXPECT_EQ(refused_more, full.refused_more);
  EXPECT_EQ(findings, full.findings);
  EXPECT_EQ(queue_place, full.queue_place);
  EXPECT_EQ(claim_lost, full.claim_lost);
  EXPECT_EQ(resumptions, full.resumptions);
  EXPECT_EQ(ended_sessions_more, full.ended_sessions_more);
  EXPECT_EQ(old_data.verdict, full.old_data.verdict);
  EXPECT_EQ(old_data.why_copied, full.old_data.why_copied);
  EXPECT_EQ(donor_patience, full.donor_patience);
  EXPECT_EQ(from_backup, full.from_backup);
  EXPECT_EQ(backup, full.backup);
  EXPECT_EQ(donor, full.donor);
  EXPECT_EQ(donor_mysql.ToString(), full.donor_mysql.ToString());
  EXPECT_EQ(source, full.source);
  EXPECT_EQ(source_mysql.ToString(), full.source_mysql.ToString());
  EXPECT_EQ(requested, full.requested);
  EXPECT_EQ(ended, full.ended);
  EXPECT_EQ(error, full.error);
}

TEST(WireOperation, EveryPlainFieldOfTheStateSurvives) {
  const TabletState full = FullTabletState();
  const absl::StatusOr<TabletState> back = FromJournalRecord(ToJournalRecord(full));
  ASSERT_TRUE(back.ok()) << back.status();
  const auto& [sequence, operation, data_before, clone, fence, cancel, throttle, type_before,
               type_after, earlier_failures, data_directory, error_log, server_uuid, replication,
               donor_uuid, donor_gtid, source_uuid] = *back;
  EXPECT_EQ(sequence, 47);
  EXPECT_EQ(ToProto(operation).SerializeAsString(), ToProto(full.operation).SerializeAsString());
  EXPECT_EQ(data_before, full.data_before);
  EXPECT_TRUE(clone.has_value());
  EXPECT_TRUE(fence.up);
  ASSERT_TRUE(cancel.has_value());
  EXPECT_EQ(cancel->wish, CancelWish::kEvenIfDropped);
  EXPECT_EQ(cancel->granted, full.cancel->granted);
  EXPECT_EQ(throttle, full.throttle);
  EXPECT_EQ(type_before, full.type_before);
  EXPECT_EQ(type_after, full.type_after);
  EXPECT_EQ(earlier_failures.size(), 1U);
  EXPECT_EQ(data_directory, full.data_directory);
  EXPECT_EQ(error_log, full.error_log);
  EXPECT_EQ(server_uuid, full.server_uuid);
  EXPECT_EQ(donor_uuid, full.donor_uuid);
  EXPECT_EQ(donor_gtid, full.donor_gtid);
  EXPECT_EQ(source_uuid, full.source_uuid);
  EXPECT_EQ(replication.delay, full.replication.delay);
  ASSERT_EQ(replication.filters.size(), 1U);
  const auto& [channel, name, rule, by_statement, plain] = replication.filters[0];
  EXPECT_EQ(channel, "");
  EXPECT_EQ(name, "REPLICATE_DO_DB");
  EXPECT_EQ(rule, "shop");
  EXPECT_TRUE(by_statement && plain) << "no others are noted";
}

TEST(WireOperation, EveryFieldOfTheSentCloneSurvives) {
  const SentClone full = FullSentClone();
  const absl::StatusOr<TabletState> back = FromJournalRecord(ToJournalRecord(FullTabletState()));
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_TRUE(back->clone.has_value());
  const auto& [not_before, begin_time, connection_id, process, choice, donor, donor_mysql,
               donor_gtid, gtid_before, schemas_before, copied] = *back->clone;
  EXPECT_EQ(not_before, full.not_before);
  EXPECT_EQ(begin_time, full.begin_time);
  EXPECT_EQ(connection_id, full.connection_id);
  EXPECT_EQ(process, full.process);
  EXPECT_EQ(choice, full.choice);
  EXPECT_EQ(donor, full.donor);
  EXPECT_EQ(donor_mysql.ToString(), full.donor_mysql.ToString());
  EXPECT_EQ(donor_gtid, full.donor_gtid);
  EXPECT_EQ(gtid_before, full.gtid_before);
  EXPECT_EQ(schemas_before, full.schemas_before);
  EXPECT_TRUE(copied);
}

// No clone, no cancel: a fresh state gets neither from its record.
TEST(WireOperation, AFreshStateSurvivesWithNothingInvented) {
  TabletState fresh;
  fresh.operation.request.id = "op-1";
  const absl::StatusOr<TabletState> back = FromJournalRecord(ToJournalRecord(fresh));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->sequence, 0);
  EXPECT_FALSE(back->clone.has_value());
  EXPECT_FALSE(back->cancel.has_value());
  EXPECT_FALSE(back->fence.up);
  EXPECT_EQ(back->data_before, DataState::kIntact);
}

// A CLONE that was about to be sent, and nothing more known: the mark that must never be lost.
TEST(WireOperation, ACloneWithoutAnyMarkIsStillOne) {
  TabletState state;
  state.operation.request.id = "op-1";
  state.clone = SentClone();
  const absl::StatusOr<TabletState> back = FromJournalRecord(ToJournalRecord(state));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(back->clone.has_value());
}

TEST(WireOperation, ACancelWithoutItsTimeIsStillOne) {
  TabletState state;
  state.operation.request.id = "op-1";
  state.cancel = GrantedCancel();
  const absl::StatusOr<TabletState> back = FromJournalRecord(ToJournalRecord(state));
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_TRUE(back->cancel.has_value());
  EXPECT_EQ(back->cancel->wish, CancelWish::kIfNothingDropped);
  EXPECT_EQ(back->cancel->granted, absl::InfinitePast());
}

void ExpectSame(const std::vector<FenceRecord::Persisted>& left,
                const std::vector<FenceRecord::Persisted>& right) {
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    const auto& [name, value, persisted] = left[i];
    EXPECT_EQ(name, right[i].name);
    EXPECT_EQ(value, right[i].value);
    EXPECT_EQ(persisted, right[i].persisted) << name;
  }
}

TEST(WireOperation, EveryPlainFieldBelowSurvives) {
  const TabletState full = FullTabletState();
  const absl::StatusOr<TabletState> back = FromJournalRecord(ToJournalRecord(full));
  ASSERT_TRUE(back.ok()) << back.status();
  const auto& [up, replication_was_running, acknowledged, variables, clone_settings] = back->fence;
  EXPECT_TRUE(up);
  EXPECT_TRUE(acknowledged);
  EXPECT_TRUE(replication_was_running);
  ExpectSame(variables, full.fence.variables);
  ExpectSame(clone_settings, full.fence.clone_settings);
  const std::vector<StepTime>& times = back->operation.times;
  ASSERT_EQ(times.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const auto& [step, started, ended] = times[i];
    EXPECT_EQ(step, full.operation.times[i].step);
    EXPECT_EQ(started, full.operation.times[i].started);
    EXPECT_EQ(ended, full.operation.times[i].ended);
  }
}

void ExpectSame(const std::vector<FailedAttempt>& left, const std::vector<FailedAttempt>& right) {
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    const auto& [attempt, donor, step, data_state, error, ended] = left[i];
    EXPECT_EQ(attempt, right[i].attempt);
    EXPECT_EQ(donor, right[i].donor);
    EXPECT_EQ(step, right[i].step);
    EXPECT_EQ(data_state, right[i].data_state);
    EXPECT_EQ(error, right[i].error);
    EXPECT_EQ(ended, right[i].ended);
  }
}

TEST(WireOperation, EveryFieldOfTheHistorySurvives) {
  const TabletState state = FullTabletState();
  const absl::StatusOr<TabletState> read = FromJournalRecord(ToJournalRecord(state));
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(read->earlier_failures, state.earlier_failures);
  const Operation& full = state.operation;
  const Operation* back = &read->operation;
  ExpectSame(back->failed_attempts, full.failed_attempts);
  ASSERT_EQ(back->refused_donors.size(), 1U);
  const auto& [alias, reason, text] = back->refused_donors[0];
  EXPECT_EQ(alias, full.refused_donors[0].alias);
  EXPECT_EQ(reason, "LAGS_BEHIND");
  EXPECT_EQ(text, "it is 2h behind");
  ASSERT_EQ(back->ended_sessions.size(), 1U);
  const auto& [connection_id, user, host] = back->ended_sessions[0];
  EXPECT_EQ(connection_id, 12);
  EXPECT_EQ(user, "app");
  EXPECT_EQ(host, "10.0.0.1:4711");
  const auto& [before, discarded, transactions, emptied, events, not_checked] = back->proof;
  EXPECT_EQ(before, "uuid:1-9");
  EXPECT_EQ(discarded, "uuid:8-9");
  EXPECT_EQ(transactions, 2);
  EXPECT_EQ(emptied, full.proof.emptied_tables);
  EXPECT_EQ(events, full.proof.disabled_events);
  EXPECT_EQ(not_checked, "the primary was away");
}

// A graft that knew rebuilds alone wrote no kind; what a newer one adds is not guessed at.
TEST(WireOperation, TheKindOfAnOlderRecordIsARebuild) {
  v1::Operation proto = ToProto(FullOperation());
  proto.clear_kind();
  EXPECT_EQ(FromProto(proto)->request.kind, OperationKind::kReprovision);
  proto.set_kind(static_cast<v1::OperationKind>(9));
  EXPECT_TRUE(absl::IsInvalidArgument(FromProto(proto).status()));
}

// The API shows what happened and what is waited for. That it keeps the marks and the fence to
// itself, its type says: they are in TabletState.
// An agent of old kept one for each of two thousand dead tablets, half a megabyte.
TEST(WireOperation, OfManyRefusalsTenAreKept) {
  v1::JournalRecord record = ToJournalRecord(FullTabletState());
  const v1::RefusedDonor refused = record.operation().refused_donors(0);
  while (record.operation().refused_donors_size() < 2000) {
    *record.mutable_operation()->add_refused_donors() = refused;
  }
  record.mutable_operation()->set_refused_more(0);
  const absl::StatusOr<TabletState> back = FromJournalRecord(record);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->operation.refused_donors.size(), 10U);
  EXPECT_EQ(back->operation.refused_more, 1990);
}

TEST(WireOperation, TheApiShowsTheHistoryToo) {
  const Operation full = FullOperation();
  const absl::StatusOr<Operation> back = FromProto(ToProto(full));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->request, full.request);
  ExpectSame(back->failed_attempts, full.failed_attempts);
  EXPECT_EQ(back->refused_donors.size(), 1U);
  EXPECT_EQ(back->findings, full.findings);
  EXPECT_EQ(back->queue_place, 2);
  EXPECT_TRUE(back->claim_lost);
  EXPECT_EQ(back->resumptions, 4);
  EXPECT_EQ(back->ended_sessions.size(), 1U);
  EXPECT_EQ(back->ended_sessions_more, 150);
  EXPECT_EQ(back->proof.transactions_discarded, 2);
  EXPECT_EQ(back->donor_patience, absl::Seconds(90));
  EXPECT_EQ(back->progress.note, full.progress.note);
}

TEST(WireOperation, EveryFieldOfTheProgressSurvives) {
  const Progress full = FullOperation().progress;
  const absl::StatusOr<TabletState> back = FromJournalRecord(ToJournalRecord(FullTabletState()));
  ASSERT_TRUE(back.ok()) << back.status();
  const auto& [stage, stages, done, expected, rate, last_byte, clone_sent, note, percent, eta,
               phases, learnt_from, recovery_percent, phase_began, sampled, waiting_since] =
      back->operation.progress;
  EXPECT_EQ(stage, full.stage);
  EXPECT_EQ(done, full.bytes_done);
  EXPECT_EQ(expected, full.bytes_expected);
  EXPECT_EQ(rate, full.bytes_per_second);
  EXPECT_EQ(last_byte, full.last_byte);
  EXPECT_EQ(clone_sent, full.clone_sent);
  EXPECT_EQ(note, full.note);
  EXPECT_EQ(percent, full.percent);
  EXPECT_TRUE(eta.has_value());
  EXPECT_EQ(phases.size(), full.phases.size());
  EXPECT_EQ(learnt_from, full.learnt_from);
  EXPECT_EQ(recovery_percent, full.recovery_percent);
  EXPECT_EQ(phase_began, full.phase_began);
  EXPECT_EQ(sampled, full.sampled);
  EXPECT_EQ(waiting_since, full.waiting_since);
  ASSERT_EQ(stages.size(), full.stages.size());
  for (size_t i = 0; i < stages.size(); ++i) {
    const auto& [row, state, begin, end, estimate, data, network] = stages[i];
    EXPECT_EQ(row, full.stages[i].stage);
    EXPECT_EQ(state, full.stages[i].state);
    EXPECT_EQ(begin, full.stages[i].begin_time);
    EXPECT_EQ(end, full.stages[i].end_time);
    EXPECT_EQ(estimate, full.stages[i].estimate_bytes);
    EXPECT_EQ(data, full.stages[i].data_bytes);
    EXPECT_EQ(network, full.stages[i].network_bytes);
  }
}

TEST(WireOperation, EveryFieldOfTheEstimateSurvives) {
  const Progress full = FullOperation().progress;
  const absl::StatusOr<Operation> back = FromProto(ToProto(FullOperation()));
  ASSERT_TRUE(back.ok()) << back.status();
  const Progress& progress = back->progress;
  EXPECT_EQ(progress.percent, full.percent);
  ASSERT_TRUE(progress.eta.has_value());
  const auto& [likely, low, high] = *progress.eta;
  EXPECT_EQ(likely, full.eta->likely);
  EXPECT_EQ(low, full.eta->low);
  EXPECT_EQ(high, full.eta->high);
  EXPECT_EQ(progress.learnt_from, full.learnt_from);
  EXPECT_EQ(progress.recovery_percent, full.recovery_percent);
  EXPECT_EQ(progress.phase_began, full.phase_began);
  EXPECT_EQ(progress.sampled, full.sampled);
  ASSERT_EQ(progress.phases.size(), full.phases.size());
  for (size_t i = 0; i < full.phases.size(); ++i) {
    const auto& [phase, share, done, measured, took] = progress.phases[i];
    EXPECT_EQ(phase, full.phases[i].phase);
    EXPECT_EQ(share, full.phases[i].share);
    EXPECT_EQ(done, full.phases[i].done);
    EXPECT_EQ(measured, full.phases[i].measured);
    EXPECT_EQ(took, full.phases[i].took);
  }
}

TEST(WireOperation, AFreshOperationSurvivesWithNothingInvented) {
  Operation fresh;
  fresh.request.id = "op-1";
  const v1::Operation proto = ToProto(fresh);
  EXPECT_EQ(proto.recipient(), "");
  EXPECT_EQ(proto.donor_mysql(), "");
  EXPECT_FALSE(proto.has_requested());
  EXPECT_FALSE(proto.has_ended());
  EXPECT_FALSE(proto.has_error());
  EXPECT_FALSE(proto.progress().has_eta());
  const absl::StatusOr<Operation> back = FromProto(proto);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(back->donor_mysql.empty());
  EXPECT_EQ(back->ended, absl::InfinitePast());
  EXPECT_TRUE(back->error.ok());
  EXPECT_EQ(back->progress.stage, std::nullopt);
  EXPECT_EQ(back->request, fresh.request);
}

TEST(WireOperation, EveryWordOfEveryEnumSurvives) {
  const auto back = [](const Operation& operation) {
    const absl::StatusOr<Operation> read = FromProto(ToProto(operation));
    EXPECT_TRUE(read.ok()) << read.status();
    return read.value_or(Operation());
  };
  Operation operation = FullOperation();
  for (int i = 0; i < kStepCount; ++i) {
    operation.step = static_cast<Step>(i);
    EXPECT_EQ(back(operation).step, operation.step);
  }
  for (int i = 0; i < 4; ++i) {
    operation.outcome = static_cast<Outcome>(i);
    operation.data_state = static_cast<DataState>(i);
    EXPECT_EQ(back(operation).outcome, operation.outcome);
    EXPECT_EQ(back(operation).data_state, operation.data_state);
    const v1::Operation proto = ToProto(operation);
    EXPECT_EQ(absl::AsciiStrToLower(v1::Outcome_Name(proto.outcome())),
              OutcomeName(operation.outcome));
    EXPECT_EQ(v1::DataState_Name(proto.data_state()), DataStateName(operation.data_state));
  }
  constexpr const char* kSides[] = {"recipient", "donor", "source"};
  for (int i = 0; i < 4; ++i) {
    operation.findings[0].outcome = static_cast<CheckOutcome>(i);
    operation.findings[0].side = static_cast<CheckSide>(i % 3);
    EXPECT_EQ(back(operation).findings, operation.findings);
    const v1::CheckResult proto = ToProto(operation).findings(0);
    EXPECT_EQ(v1::CheckOutcome_Name(proto.outcome()),
              CheckOutcomeName(operation.findings[0].outcome));
    EXPECT_EQ(absl::AsciiStrToLower(v1::CheckSide_Name(proto.side())),
              absl::StrCat("check_side_", kSides[i % 3]));
  }
  for (const auto kind : {DonorChoice::Kind::kPrimary, DonorChoice::Kind::kAny}) {
    operation.request.donor = {kind, {}};
    EXPECT_EQ(back(operation).request, operation.request);
  }
  operation.request.replicate_from = ReplicateFrom::kDonor;
  operation.request.settings = {};
  operation.request.allow = {};
  EXPECT_EQ(back(operation).request, operation.request);
}

TEST(WireOperation, WhatHasEndedHasNoTimeLeft) {
  Operation operation = FullOperation();
  EXPECT_TRUE(ToProto(operation).progress().has_eta());
  operation.outcome = Outcome::kFailed;
  EXPECT_FALSE(ToProto(operation).progress().has_eta());
}

TEST(WireOperation, EveryPhaseHasItsWord) {
  for (int i = 0; i < kPhaseCount; ++i) {
    const Phase phase = static_cast<Phase>(i);
    EXPECT_EQ(ParsePhase(PhaseName(phase)), phase);
  }
  EXPECT_EQ(ParsePhase("LUNCH"), std::nullopt);
}

struct BadCase {
  std::string word;  // that the error has to name
  void (*change)(v1::JournalRecord&);
};

TEST(WireOperation, UnknownWordsAreRefusedByName) {
  const std::vector<BadCase> cases = {
      {"\"dance\" is no known step", [](auto& r) { r.mutable_operation()->set_step("dance"); }},
      {"\"dance\" is no known step",
       [](auto& r) { r.mutable_operation()->mutable_times(0)->set_step("dance"); }},
      {"no known outcome",
       [](auto& r) { r.mutable_operation()->set_outcome(static_cast<v1::Outcome>(9)); }},
      {"no known outcome",
       [](auto& r) { r.mutable_operation()->set_outcome(v1::OUTCOME_UNSPECIFIED); }},
      {"no known data state",
       [](auto& r) { r.mutable_operation()->set_data_state(static_cast<v1::DataState>(9)); }},
      {"no known data state", [](auto& r) { r.mutable_operation()->clear_data_state(); }},
      {"replicate_from is missing", [](auto& r) { r.mutable_operation()->clear_replicate_from(); }},
      {"no known replicate_from",
       [](auto& r) {
         r.mutable_operation()->set_replicate_from(static_cast<v1::ReplicateFrom>(7));
       }},
      {"neither the primary", [](auto& r) { r.mutable_operation()->clear_donor_choice(); }},
      {"\"x\" is no tablet alias", [](auto& r) { r.mutable_operation()->set_donor("x"); }},
      {"\"x\" is no tablet alias", [](auto& r) { r.mutable_operation()->set_recipient("x"); }},
      {"\"h\" is no <host>:<port>", [](auto& r) { r.mutable_operation()->set_donor_mysql("h"); }},
      {"\"h:99999\" is no <host>:<port>",
       [](auto& r) { r.mutable_operation()->set_source_mysql("h:99999"); }},
      {"\"LUNCH\" is no known clone stage",
       [](auto& r) { r.mutable_operation()->mutable_progress()->set_stage("LUNCH"); }},
      {"\"Tired\" is no known clone state",
       [](auto& r) {
         r.mutable_operation()->mutable_progress()->mutable_stages(0)->set_state("Tired");
       }},
      {"\"dance\" is no known step",
       [](auto& r) { r.mutable_earlier_failures(0)->set_step("dance"); }},
      {"no known data state",
       [](auto& r) { r.mutable_operation()->mutable_failed_attempts(0)->clear_data_state(); }},
      {"no known outcome of a check",
       [](auto& r) {
         auto* finding = r.mutable_operation()->mutable_findings(0);
         finding->set_outcome(static_cast<v1::CheckOutcome>(9));
       }},
      {"no known outcome of a check",
       [](auto& r) { r.mutable_operation()->mutable_findings(0)->clear_outcome(); }},
      {"no known side of a check",
       [](auto& r) { r.mutable_operation()->mutable_findings(0)->clear_side(); }},
      {"\"x\" is no tablet alias",
       [](auto& r) { r.mutable_operation()->mutable_refused_donors(0)->set_alias("x"); }},
      {"\"x\" is no tablet alias", [](auto& r) { r.mutable_run()->set_donor("x"); }},
      {"\"h:99999\" is no <host>:<port>",
       [](auto& r) { r.mutable_run()->set_donor_mysql("h:99999"); }},
      {"no known data state", [](auto& r) { r.set_data_before(static_cast<v1::DataState>(9)); }},
      {"99 is no known tablet type", [](auto& r) { r.set_type_before(99); }},
      {"-1 is no known tablet type", [](auto& r) { r.set_type_after(-1); }},
  };
  for (const BadCase& bad : cases) {
    v1::JournalRecord record = ToJournalRecord(FullTabletState());
    bad.change(record);
    const absl::Status status = FromJournalRecord(record).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.word;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.word));
  }
}

TEST(WireOperation, ARecordOfAnotherSchemaIsRefused) {
  for (const int version : {-1, 0, kJournalSchemaVersion + 1}) {
    v1::JournalRecord record = ToJournalRecord(FullTabletState());
    record.set_schema_version(version);
    const absl::Status status = FromJournalRecord(record).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("schema version ", version)));
  }
}

// As versions 1 to 3 kept a run: its marks stayed for ever, in whatever step.
v1::JournalRecord OldRecord(Step step, Outcome outcome, DataState data) {
  TabletState state = FullTabletState();
  state.operation.step = step;
  state.operation.outcome = outcome;
  state.operation.data_state = data;
  v1::JournalRecord record = ToJournalRecord(state);
  record.set_schema_version(3);
  record.clear_sequence();
  record.clear_cancel();
  v1::CloneRun run;
  run.set_not_before("2026-11-20 13:00:00.123");
  run.set_connection_id(4711);
  *record.mutable_run() = run;
  return record;
}

TEST(WireOldRecord, ARunThatWasUnderWayIsACloneOutstanding) {
  const std::set<Step> supervised = {Step::kClone, Step::kAwaitRestart, Step::kVerify};
  for (int i = 0; i < kStepCount; ++i) {
    const Step step = static_cast<Step>(i);
    v1::JournalRecord record = OldRecord(step, Outcome::kRunning, DataState::kIntact);
    record.mutable_operation()->clear_kind();
    const absl::StatusOr<TabletState> state = FromJournalRecord(record);
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->clone.has_value(), supervised.count(step) > 0) << StepName(step);
    EXPECT_EQ(state->operation.data_state,
              supervised.count(step) > 0 ? DataState::kPartial : DataState::kIntact)
        << StepName(step) << ": it was INTACT until the server had been asked";
    EXPECT_EQ(state->sequence, 0);
    EXPECT_EQ(state->operation.progress.clone_sent, "2026-11-20 13:00:00.123");
    if (!state->clone.has_value()) continue;
    EXPECT_EQ(state->clone->connection_id, 4711);
    EXPECT_EQ(state->clone->donor, state->operation.donor);
    EXPECT_EQ(state->clone->choice, state->operation.request.donor);
  }
}

TEST(WireOldRecord, ARunThatWasNeverSentIsNone) {
  v1::JournalRecord record = OldRecord(Step::kClone, Outcome::kRunning, DataState::kIntact);
  record.mutable_operation()->clear_kind();
  record.mutable_run()->clear_not_before();
  const absl::StatusOr<TabletState> state = FromJournalRecord(record);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_FALSE(state->clone.has_value());
  EXPECT_EQ(state->operation.data_state, DataState::kIntact);
}

TEST(WireOldRecord, OfAnEndedOperationOnlyACopyLeftBehindIsOutstanding) {
  const struct {
    Step step;
    Outcome outcome;
    const char* reason;
    bool outstanding;
  } rows[] = {
      {Step::kAwaitRestart, Outcome::kFailed, "RESTART_TIMEOUT", true},
      {Step::kAwaitRestart, Outcome::kFailed, "RECOVERY_FAILED", false},
      {Step::kClone, Outcome::kFailed, "DONOR_GONE", false},
      {Step::kClone, Outcome::kCancelled, "CANCELLED", false},
      {Step::kVerify, Outcome::kFailed, "VERIFY_FAILED", false},
      {Step::kPublish, Outcome::kDone, "", false},
  };
  for (const auto& row : rows) {
    v1::JournalRecord record = OldRecord(row.step, row.outcome, DataState::kIntact);
    record.mutable_operation()->clear_kind();
    record.mutable_operation()->mutable_error()->set_reason(row.reason);
    const absl::StatusOr<TabletState> state = FromJournalRecord(record);
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->clone.has_value(), row.outstanding) << row.reason;
    EXPECT_EQ(state->operation.data_state,
              row.outstanding ? DataState::kPartial : DataState::kIntact);
  }
}

TEST(WireError, EveryCodeSurvivesWithReasonAndText) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status =
        WithReason(absl::Status(static_cast<absl::StatusCode>(code), "text"), "REASON");
    EXPECT_EQ(graft::FromProto(ToProto(status)), status);
  }
  EXPECT_EQ(graft::FromProto(ToProto(absl::AbortedError("no reason"))),
            absl::AbortedError("no reason"));
}

TEST(WireError, AnUnknownCodeIsAnErrorAllTheSame) {
  v1::Error proto;
  proto.set_message("text");
  for (const char* code : {"", "OK", "TEAPOT"}) {
    proto.set_code(code);
    EXPECT_EQ(graft::FromProto(proto), absl::UnknownError("text")) << code;
  }
}

TEST(WireTime, BeforeTheEpochNanosStayPositive) {
  const absl::Time time = absl::UnixEpoch() - absl::Milliseconds(1);
  const auto proto = ToTimestamp(time);
  EXPECT_EQ(proto.seconds(), -1);
  EXPECT_EQ(proto.nanos(), 999'000'000);
  EXPECT_EQ(FromTimestamp(proto), time);
}

}  // namespace
}  // namespace graft
