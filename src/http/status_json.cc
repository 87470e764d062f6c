#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_replace.h"
#include "http/answers.h"
#include "provision/operation/decisions.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"

namespace graft::http {
namespace {

using Json = nlohmann::ordered_json;

template <typename Message>
Json MessageJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &text, options);
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  // Fails for text that is no UTF-8; the rest of the answer is still worth having.
  if (printed.ok() && !json.is_discarded()) return json;
  return Json(
      {{"error", printed.ok() ? "the message cannot be written as JSON" : printed.ToString()}});
}

// With an indent of -1 on one line, with 0 a line for each member. A text may hold any bytes, since
// servers and files supply it: what is no UTF-8 becomes U+FFFD. No browser takes a part for markup,
// whatever it takes the answer for.
std::string TextOf(const Json& json, int indent) {
  const std::string text = json.dump(indent, ' ', false, Json::error_handler_t::replace);
  return absl::StrReplaceAll(text, {{"<", "\\u003c"}}) + "\n";
}

std::string TimeText(absl::Time time) {
  if (time == absl::InfinitePast()) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

Json TabletJson(const Tablet& tablet) {
  return {{"alias", tablet.alias.ToString()},
          {"keyspace", tablet.keyspace},
          {"shard", tablet.shard},
          {"type", TabletTypeName(tablet.type)},
          {"hostname", tablet.hostname},
          {"portMap", tablet.port_map},
          {"mysql", tablet.mysql.empty() ? "" : tablet.mysql.ToString()},
          {"tags", tablet.tags}};
}

Json ShardJson(const ShardSnapshot& shard) {
  Json tablets = Json::array();
  for (const Tablet& tablet : shard.tablets) tablets.push_back(TabletJson(tablet));
  return {{"readAt", TimeText(shard.read_at)}, {"error", shard.error}, {"tablets", tablets}};
}

void AddOperationVars(const Operation& operation, Json& vars) {
  const Progress& progress = operation.progress;
  vars.update({{"OperationID", operation.request.id},
               {"OperationOutcome", OutcomeName(operation.outcome)},
               {"OperationStep", StepName(operation.step)},
               {"OperationStage", progress.stage ? CloneStageName(*progress.stage) : ""},
               {"OperationDonor", operation.donor.empty() ? "" : operation.donor.ToString()},
               {"OperationAttempt", operation.attempt},
               {"OperationQueuePlace", operation.queue_place},
               {"OperationPercent", progress.percent},
               {"OperationBytesDone", progress.bytes_done},
               {"OperationBytesExpected", progress.bytes_expected},
               {"DataState", DataStateName(operation.data_state)}});
}

void AddServerVars(const TabletSnapshot& tablet, Json& vars) {
  vars.update({{"MysqlReachable", tablet.mysql_reachable},
               {"MysqlVersion", tablet.mysql_version},
               {"SuperReadOnly", tablet.super_read_only}});
  for (const ReplicationChannel& channel : tablet.replication) {
    if (channel.lag.has_value() && channel.name.empty()) {
      vars["replicationLagSec"] = absl::ToInt64Seconds(*channel.lag);
    }
  }
}

}  // namespace

std::vector<std::string> WhyNotReady(const StatusFacts& facts) {
  std::optional<Operation> newest;
  if (!facts.operations.empty()) newest = facts.operations.front();
  return graft::WhyNotReady(facts.tablet, newest, facts.now);
}

std::string StatusJson(const StatusFacts& facts) {
  Json operations = Json::array();
  for (const Operation& operation : facts.operations) {
    operations.push_back(MessageJson(ToProto(operation)));
  }
  return TextOf({{"now", TimeText(facts.now)},
                 {"version", facts.version},
                 {"whyNotReady", WhyNotReady(facts)},
                 {"tablet", MessageJson(ToProto(facts.tablet, facts.now))},
                 {"operations", operations},
                 {"shard", ShardJson(facts.shard)},
                 {"preflight", facts.preflight ? MessageJson(ToProto(*facts.preflight)) : Json()}},
                /*indent=*/-1);
}

std::string VarsJson(const StatusFacts& facts) {
  Json vars = {{"BuildVersion", facts.version},
               {"UptimeSeconds", absl::ToInt64Seconds(facts.now - facts.started)},
               {"TabletAlias", facts.tablet.alias.ToString()},
               {"TabletKeyspace", facts.tablet.keyspace},
               {"TabletShard", facts.tablet.shard},
               {"TabletType", TabletTypeName(facts.tablet.type)},
               {"Ready", WhyNotReady(facts).empty()},
               {"Operations", facts.operations.size()}};
  AddServerVars(facts.tablet, vars);
  if (!facts.operations.empty()) AddOperationVars(facts.operations.front(), vars);
  return TextOf(vars, /*indent=*/0);
}

}  // namespace graft::http
