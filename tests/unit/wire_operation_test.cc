#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "unit/full_operation.h"
#include "wire/operation_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
        for (int k = 0; k < size; ++k) {
          children.push_back(&reflection->GetRepeatedMessage(*message, field, k));
        }
      } else if (reflection->HasField(*message, field)) {
        set = true;
        if (field->message_type() != nullptr) {
          children.push_back(&reflection->GetMessage(*message, field));
        }
      }
    }
    // Only one of a choice can be set; the other has a test of its own.
    const bool excused = field->real_containing_oneof() != nullptr;
    if (!set && !excused) unset.push_back(path + field->name());
    const bool ours =
        field->message_type() != nullptr && field->message_type()->file()->package() == "graft.v1";
    if (ours && !children.empty()) CollectUnset(children, path + field->name() + ".", unset);
  }
}

TEST(WireOperation, AFullOperationSetsEveryFieldOfTheRecord) {
  const v1::JournalRecord record = ToJournalRecord(FullOperation());
  std::vector<std::string> unset;
  CollectUnset({&record}, "", unset);
  EXPECT_THAT(unset, IsEmpty());
}

// The proto side shows the plain side's fields, so a lost one shows as a difference here.
TEST(WireOperation, TheRecordComesBackAsItWas) {
  const v1::JournalRecord record = ToJournalRecord(FullOperation());
  const absl::StatusOr<Operation> back = FromJournalRecord(record);
  ASSERT_TRUE(back.ok()) << back.status();
  std::string differences;
  MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&differences);
  EXPECT_TRUE(differencer.Compare(record, ToJournalRecord(*back))) << differences;
}

// ToProto could lose a field that FromProto then cannot miss: every plain field by hand.
TEST(WireOperation, EveryPlainFieldSurvives) {
  const Operation full = FullOperation();
  const absl::StatusOr<Operation> back = FromJournalRecord(ToJournalRecord(full));
  ASSERT_TRUE(back.ok()) << back.status();
  // A new member makes these bindings not compile: test it below, then add it here.
  const auto& [request, recipient, step, outcome, data_state, data_before, attempt, donor,
               donor_mysql, source, source_mysql, type_before, type_after, server_uuid, donor_uuid,
               run, fence, requested, ended, times, error, progress] = *back;
  EXPECT_EQ(request, full.request);
  EXPECT_EQ(recipient, full.recipient);
  EXPECT_EQ(step, full.step);
  EXPECT_EQ(outcome, full.outcome);
  EXPECT_EQ(data_state, full.data_state);
  EXPECT_EQ(data_before, full.data_before);
  EXPECT_EQ(attempt, full.attempt);
  EXPECT_EQ(donor, full.donor);
  EXPECT_EQ(donor_mysql.ToString(), full.donor_mysql.ToString());
  EXPECT_EQ(source, full.source);
  EXPECT_EQ(source_mysql.ToString(), full.source_mysql.ToString());
  EXPECT_EQ(type_before, full.type_before);
  EXPECT_EQ(type_after, full.type_after);
  EXPECT_EQ(server_uuid, full.server_uuid);
  EXPECT_EQ(donor_uuid, full.donor_uuid);
  EXPECT_EQ(requested, full.requested);
  EXPECT_EQ(ended, full.ended);
  EXPECT_EQ(error, full.error);
}

TEST(WireOperation, EveryPlainFieldBelowSurvives) {
  const Operation full = FullOperation();
  const absl::StatusOr<Operation> back = FromJournalRecord(ToJournalRecord(full));
  ASSERT_TRUE(back.ok()) << back.status();
  const auto& [not_before, begin_time, connection_id] = back->run;
  EXPECT_EQ(not_before, full.run.not_before);
  EXPECT_EQ(begin_time, full.run.begin_time);
  EXPECT_EQ(connection_id, full.run.connection_id);
  const auto& [up, replication_was_running, variables] = back->fence;
  EXPECT_TRUE(up);
  EXPECT_TRUE(replication_was_running);
  ASSERT_EQ(variables.size(), full.fence.variables.size());
  for (size_t i = 0; i < variables.size(); ++i) {
    const auto& [name, value, persisted] = variables[i];
    EXPECT_EQ(name, full.fence.variables[i].name);
    EXPECT_EQ(value, full.fence.variables[i].value);
    EXPECT_EQ(persisted, full.fence.variables[i].persisted) << name;
  }
  ASSERT_EQ(back->times.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const auto& [step, started, ended] = back->times[i];
    EXPECT_EQ(step, full.times[i].step);
    EXPECT_EQ(started, full.times[i].started);
    EXPECT_EQ(ended, full.times[i].ended);
  }
}

TEST(WireOperation, EveryFieldOfTheProgressSurvives) {
  const Progress full = FullOperation().progress;
  const absl::StatusOr<Operation> back = FromJournalRecord(ToJournalRecord(FullOperation()));
  ASSERT_TRUE(back.ok()) << back.status();
  const auto& [stage, stages, done, expected, rate, last_byte] = back->progress;
  EXPECT_EQ(stage, full.stage);
  EXPECT_EQ(done, full.bytes_done);
  EXPECT_EQ(expected, full.bytes_expected);
  EXPECT_EQ(rate, full.bytes_per_second);
  EXPECT_EQ(last_byte, full.last_byte);
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
  operation.request.donor = {};
  operation.request.replicate_from = ReplicateFrom::kDonor;
  EXPECT_EQ(back(operation).request, operation.request);
}

TEST(WireOperation, TimeLeftIsBytesLeftByRate) {
  EXPECT_EQ(FromDuration(ToProto(FullOperation()).progress().eta()), absl::Seconds(30));
}

TEST(WireOperation, TimeLeftIsUnsetWhereItIsUnknown) {
  const auto has_eta = [](void (*change)(Operation&)) {
    Operation operation = FullOperation();
    change(operation);
    return ToProto(operation).progress().has_eta();
  };
  EXPECT_FALSE(has_eta([](Operation& o) { o.progress.bytes_per_second = 0; }));
  EXPECT_FALSE(has_eta([](Operation& o) { o.progress.bytes_per_second = -1; }));
  EXPECT_FALSE(has_eta([](Operation& o) { o.progress.bytes_per_second = 1e-9; }));
  EXPECT_FALSE(has_eta([](Operation& o) {
    o.progress.bytes_per_second = std::numeric_limits<double>::quiet_NaN();
  }));
  EXPECT_FALSE(has_eta([](Operation& o) { o.progress.bytes_expected = 0; }));
  EXPECT_FALSE(has_eta([](Operation& o) { o.progress.stage.reset(); }));
  EXPECT_FALSE(has_eta([](Operation& o) { o.outcome = Outcome::kFailed; }));
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
      {"99 is no known tablet type", [](auto& r) { r.set_type_before(99); }},
      {"-1 is no known tablet type", [](auto& r) { r.set_type_after(-1); }},
  };
  for (const BadCase& bad : cases) {
    v1::JournalRecord record = ToJournalRecord(FullOperation());
    bad.change(record);
    const absl::Status status = FromJournalRecord(record).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad.word;
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.word));
  }
}

TEST(WireOperation, ARecordOfAnotherSchemaIsRefused) {
  v1::JournalRecord record = ToJournalRecord(FullOperation());
  record.set_schema_version(kJournalSchemaVersion + 1);
  const absl::Status status = FromJournalRecord(record).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("schema version 2"));
}

TEST(WireError, EveryCodeSurvivesWithReasonAndText) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status =
        WithReason(absl::Status(static_cast<absl::StatusCode>(code), "text"), "REASON");
    EXPECT_EQ(FromProto(ToProto(status)), status);
  }
  EXPECT_EQ(FromProto(ToProto(absl::AbortedError("no reason"))), absl::AbortedError("no reason"));
}

TEST(WireError, AnUnknownCodeIsAnErrorAllTheSame) {
  v1::Error proto;
  proto.set_message("text");
  for (const char* code : {"", "OK", "TEAPOT"}) {
    proto.set_code(code);
    EXPECT_EQ(FromProto(proto), absl::UnknownError("text")) << code;
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
