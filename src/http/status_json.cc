#include "http/status_json.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "http/json.h"
#include "provision/operation/readiness.h"
#include "wire/operation_proto.h"
#include "wire/preflight_proto.h"
#include "wire/provisioner_proto.h"

namespace graft::http {
namespace {

template <typename Message>
std::string MessageJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &json, options);
  // Fails for text that is no UTF-8; the rest of the answer is still worth having.
  return printed.ok() ? json : absl::StrCat("{\"error\":", JsonText(printed.ToString()), "}");
}

std::string TimeText(absl::Time time) {
  if (time == absl::InfinitePast()) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::string TabletJson(const Tablet& tablet) {
  JsonObject ports;
  for (const auto& [name, port] : tablet.port_map) ports.Number(name, port);
  JsonObject tags;
  for (const auto& [name, value] : tablet.tags) tags.Text(name, value);
  return JsonObject()
      .Text("alias", tablet.alias.ToString())
      .Text("keyspace", tablet.keyspace)
      .Text("shard", tablet.shard)
      .Text("type", TabletTypeName(tablet.type))
      .Text("hostname", tablet.hostname)
      .Json("portMap", ports.str())
      .Text("mysql", tablet.mysql.empty() ? "" : tablet.mysql.ToString())
      .Json("tags", tags.str())
      .str();
}

std::string ShardJson(const ShardSnapshot& shard) {
  JsonArray tablets;
  for (const Tablet& tablet : shard.tablets) tablets.Json(TabletJson(tablet));
  return JsonObject()
      .Text("readAt", TimeText(shard.read_at))
      .Text("error", shard.error)
      .Json("tablets", tablets.str())
      .str();
}

std::optional<Operation> Newest(const StatusFacts& facts) {
  if (facts.operations.empty()) return std::nullopt;
  return facts.operations.front();
}

void AddOperationVars(const Operation& operation, JsonObject& vars) {
  const Progress& progress = operation.progress;
  vars.Text("OperationID", operation.request.id)
      .Text("OperationOutcome", OutcomeName(operation.outcome))
      .Text("OperationStep", StepName(operation.step))
      .Text("OperationStage", progress.stage ? CloneStageName(*progress.stage) : "")
      .Text("OperationDonor", operation.donor.empty() ? "" : operation.donor.ToString())
      .Number("OperationAttempt", operation.attempt)
      .Number("OperationQueuePlace", operation.queue_place)
      .Json("OperationPercent", absl::StrCat(progress.percent))
      .Number("OperationBytesDone", progress.bytes_done)
      .Number("OperationBytesExpected", progress.bytes_expected)
      .Text("DataState", DataStateName(operation.data_state));
}

void AddServerVars(const TabletSnapshot& tablet, JsonObject& vars) {
  vars.Flag("MysqlReachable", tablet.mysql_reachable)
      .Text("MysqlVersion", tablet.mysql_version)
      .Flag("SuperReadOnly", tablet.super_read_only);
  for (const ReplicationChannel& channel : tablet.replication) {
    if (channel.lag.has_value() && channel.name.empty()) {
      vars.Number("replicationLagSec", absl::ToInt64Seconds(*channel.lag));
    }
  }
}

}  // namespace

std::string StatusJson(const StatusFacts& facts) {
  JsonArray operations;
  for (const Operation& operation : facts.operations) {
    operations.Json(MessageJson(ToProto(operation)));
  }
  JsonArray reasons;
  for (const std::string& reason : WhyNotReady(facts.tablet, Newest(facts), facts.now)) {
    reasons.Json(JsonText(reason));
  }
  return JsonObject()
             .Text("now", TimeText(facts.now))
             .Text("version", facts.version)
             .Json("whyNotReady", reasons.str())
             .Json("tablet", MessageJson(ToProto(facts.tablet, facts.now)))
             .Json("operations", operations.str())
             .Json("shard", ShardJson(facts.shard))
             .Json("preflight", facts.preflight.has_value() ? MessageJson(ToProto(*facts.preflight))
                                                            : std::string("null"))
             .str() +
         "\n";
}

std::string VarsJson(const StatusFacts& facts) {
  JsonObject vars;
  vars.Text("BuildVersion", facts.version)
      .Number("UptimeSeconds", absl::ToInt64Seconds(facts.now - facts.started))
      .Text("TabletAlias", facts.tablet.alias.ToString())
      .Text("TabletKeyspace", facts.tablet.keyspace)
      .Text("TabletShard", facts.tablet.shard)
      .Text("TabletType", TabletTypeName(facts.tablet.type))
      .Flag("Ready", WhyNotReady(facts.tablet, Newest(facts), facts.now).empty())
      .Number("Operations", static_cast<int64_t>(facts.operations.size()));
  AddServerVars(facts.tablet, vars);
  if (!facts.operations.empty()) AddOperationVars(facts.operations.front(), vars);
  return vars.str() + "\n";
}

}  // namespace graft::http
