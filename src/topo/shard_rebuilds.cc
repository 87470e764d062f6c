#include "topo/shard_rebuilds.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "topo/keys.h"
#include "topo/records.h"

namespace graft {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr char kPrimary[] = "primary";
constexpr char kAny[] = "any";
constexpr char kDonor[] = "donor";
constexpr double kMostNumber = 1e9;  // all of a rebuild's are far below

// The fields of one JSON object beside the members of a plain value: each is named once, for both
// ways. A value that is unset is no field.
class Object {
 public:
  Object(Struct& fields, bool reading) : fields_(*fields.mutable_fields()), reading_(reading) {}

  bool reading() const { return reading_; }
  void operator()(const char* name, std::string& text) {
    if (reading_) text = Read(name).string_value();
    if (!reading_) text.empty() ? Drop(name) : fields_[name].set_string_value(text);
  }
  void operator()(const char* name, bool& on) {
    if (reading_) on = Read(name).bool_value();
    if (!reading_) fields_[name].set_bool_value(on);
  }
  template <typename Number>
  void operator()(const char* name, std::optional<Number>& number) {
    const double value = reading_ ? Read(name).number_value() : 0;
    if (reading_ && Read(name).has_number_value() && std::abs(value) < kMostNumber) {
      number = static_cast<Number>(value);
    }
    if (!reading_) number.has_value() ? fields_[name].set_number_value(*number) : Drop(name);
  }
  void operator()(const char* name, std::optional<bool>& on) {
    if (reading_ && Read(name).has_bool_value()) on = Read(name).bool_value();
    if (!reading_) on.has_value() ? fields_[name].set_bool_value(*on) : Drop(name);
  }
  Object In(const char* name) { return {*fields_[name].mutable_struct_value(), reading_}; }
  google::protobuf::ListValue& List(const char* name) {
    return *fields_[name].mutable_list_value();
  }

 private:
  const Value& Read(const char* name) { return fields_[name]; }
  void Drop(const char* name) { fields_.erase(name); }

  google::protobuf::Map<std::string, Value>& fields_;
  const bool reading_;
};

absl::Status MapMember(Object object, ShardRebuild::Member& member) {
  std::string alias = member.alias.empty() ? "" : member.alias.ToString();
  std::string outcome(MemberOutcomeName(member.outcome));
  object("alias", alias);
  object("why", member.why);
  object("outcome", outcome);
  object("reason", member.reason);
  object("dataGone", member.data_gone);
  if (!object.reading()) return absl::OkStatus();
  GRAFT_ASSIGN_OR_RETURN(member.alias, TabletAlias::Parse(alias));
  GRAFT_ASSIGN_OR_RETURN(member.outcome, ParseMemberOutcome(outcome));
  return absl::OkStatus();
}

absl::Status MapDonor(Object& object, std::optional<DonorChoice>& donor) {
  std::string text;
  if (donor.has_value()) {
    text = donor->kind == DonorChoice::Kind::kPrimary ? kPrimary
           : donor->kind == DonorChoice::Kind::kAny   ? kAny
                                                      : donor->tablet.ToString();
  }
  object("donor", text);
  std::string donors(donor.has_value() ? DonorsText(donor->primary) : "");
  object("donors", donors);
  if (!object.reading() || text.empty()) return absl::OkStatus();
  if (text == kPrimary || text == kAny) {
    donor = DonorChoice{text == kAny ? DonorChoice::Kind::kAny : DonorChoice::Kind::kPrimary, {}};
    if (donors.empty()) return absl::OkStatus();
    GRAFT_ASSIGN_OR_RETURN(donor->primary, ParseDonors(donors));
    return absl::OkStatus();
  }
  donor = DonorChoice{DonorChoice::Kind::kTablet, {}};
  GRAFT_ASSIGN_OR_RETURN(donor->tablet, TabletAlias::Parse(text));
  return absl::OkStatus();
}

absl::Status MapReplicateFrom(Object& object, std::optional<ReplicateFrom>& from) {
  std::string text(from.has_value() ? ReplicateFromText(*from) : "");
  object("replicateFrom", text);
  if (!object.reading() || text.empty()) return absl::OkStatus();
  GRAFT_ASSIGN_OR_RETURN(from, ParseReplicateFrom(text));
  return absl::OkStatus();
}

absl::Status MapCall(Object& object, ReprovisionCall& call) {
  object("id", call.id);
  GRAFT_RETURN_IF_ERROR(MapDonor(object, call.donor));
  GRAFT_RETURN_IF_ERROR(MapReplicateFrom(object, call.replicate_from));
  Object settings = object.In("settings");
  settings("maxDataBandwidthMib", call.settings.max_data_bandwidth_mib);
  settings("maxNetworkBandwidthMib", call.settings.max_network_bandwidth_mib);
  settings("maxConcurrency", call.settings.max_concurrency);
  settings("compression", call.settings.compression);
  settings("blockDdl", call.settings.block_ddl);
  Object allow = object.In("allow");
  allow("nonInnodb", call.allow.non_innodb);
  allow("lostReplicationSettings", call.allow.lost_replication_settings);
  google::protobuf::ListValue& unchecked = allow.List("unchecked");
  if (object.reading()) {
    for (const Value& check : unchecked.values()) {
      call.allow.unchecked.insert(check.string_value());
    }
    return absl::OkStatus();
  }
  unchecked.Clear();
  for (const std::string& check : call.allow.unchecked) {
    unchecked.add_values()->set_string_value(check);
  }
  return absl::OkStatus();
}

absl::Status MapMembers(Object& object, std::vector<ShardRebuild::Member>& members) {
  google::protobuf::ListValue& list = object.List("members");
  if (object.reading()) members.resize(static_cast<size_t>(list.values_size()));
  for (size_t i = 0; i < members.size(); ++i) {
    Value& value = i < static_cast<size_t>(list.values_size())
                       ? *list.mutable_values(static_cast<int>(i))
                       : *list.add_values();
    GRAFT_RETURN_IF_ERROR(MapMember({*value.mutable_struct_value(), object.reading()}, members[i]));
  }
  return absl::OkStatus();
}

absl::Status MapRebuild(Object object, ShardRebuild& rebuild) {
  std::string requested;
  if (!object.reading()) {
    requested = absl::FormatTime(absl::RFC3339_full, rebuild.requested, absl::UTCTimeZone());
  }
  std::optional<int> most = rebuild.max_unavailable;
  GRAFT_RETURN_IF_ERROR(MapCall(object, rebuild.call));
  object("requested", requested);
  object("by", rebuild.by);
  object("maxUnavailable", most);
  object("stopped", rebuild.stopped);
  GRAFT_RETURN_IF_ERROR(MapMembers(object, rebuild.members));
  rebuild.max_unavailable = *most;
  std::string fault;
  if (!absl::ParseTime(absl::RFC3339_full, requested, &rebuild.requested, &fault)) {
    return absl::InvalidArgumentError(absl::StrCat("\"requested\" is no time: ", fault));
  }
  if (rebuild.call.id.empty() || *most < 1) {
    return absl::InvalidArgumentError("\"id\" or \"maxUnavailable\" is missing");
  }
  return absl::OkStatus();
}

class StoredRebuilds : public ShardRebuilds {
 public:
  StoredRebuilds(KeyValueStore& store, std::string key) : store_(store), key_(std::move(key)) {}

  absl::StatusOr<ShardRebuild> Get() override {
    GRAFT_ASSIGN_OR_RETURN(const KeyValue item, Read());
    return Parse(item.value);
  }

  absl::Status Begin(const ShardRebuild& rebuild) override {
    const std::string json = ShardRebuildJson(rebuild);
    const absl::StatusOr<KeyValue> item = Read();
    if (absl::IsNotFound(item.status())) {
      const absl::Status created = store_.Create(key_, json, kNoLease).status();
      return absl::IsAlreadyExists(created) ? Quicker() : Written(created);
    }
    if (!item.ok()) return item.status();
    GRAFT_ASSIGN_OR_RETURN(const ShardRebuild former, Parse(item->value));
    if (former.call.id == rebuild.call.id) return absl::OkStatus();
    if (!IsOver(former)) {
      return absl::FailedPreconditionError(
          absl::StrCat("rebuild ", former.call.id, ", begun by ", former.by, ", is not over"));
    }
    const absl::Status written = store_.Update(key_, json, item->version).status();
    return absl::IsAborted(written) ? Quicker() : Written(written);
  }

  absl::Status Change(absl::string_view id,
                      const std::function<absl::Status(ShardRebuild&)>& change) override {
    for (int i = 0; i < topo::kChangeTries; ++i) {
      GRAFT_ASSIGN_OR_RETURN(const KeyValue item, Read());
      GRAFT_ASSIGN_OR_RETURN(ShardRebuild rebuild, Parse(item.value));
      if (rebuild.call.id != id) {
        return absl::NotFoundError(absl::StrCat("rebuild ", id, " is not there any more; ",
                                                rebuild.call.id, " has taken its place"));
      }
      GRAFT_RETURN_IF_ERROR(change(rebuild));
      const absl::Status written =
          store_.Update(key_, ShardRebuildJson(rebuild, item.value), item.version).status();
      if (!absl::IsAborted(written)) return Written(written);
    }
    return Quicker();
  }

  absl::StatusOr<std::unique_ptr<Watch>> Follow(std::function<void()> on_change) override {
    auto watch = store_.WatchPrefix(
        key_, 0, [key = key_, on_change = std::move(on_change)](const KeyEvent& event) {
          if (event.item.key == key) on_change();  // else a longer shard name's
        });
    if (!watch.ok()) return Annotate(watch.status(), absl::StrCat("watch ", key_));
    return watch;
  }

 private:
  absl::StatusOr<KeyValue> Read() {
    auto item = store_.Get(key_);
    if (absl::IsNotFound(item.status())) {
      return absl::NotFoundError(absl::StrCat("the shard has had no rebuild: there is no ", key_));
    }
    if (!item.ok()) return Annotate(item.status(), absl::StrCat("read ", key_));
    return item;
  }
  absl::StatusOr<ShardRebuild> Parse(const std::string& json) const {
    auto rebuild = ParseShardRebuild(json);
    if (!rebuild.ok()) return Annotate(rebuild.status(), key_);
    return rebuild;
  }
  absl::Status Written(const absl::Status& status) const {
    return Annotate(status, absl::StrCat("write ", key_));
  }
  absl::Status Quicker() const {
    return absl::AbortedError(absl::StrCat("write ", key_, ": others changed it; try again"));
  }

  KeyValueStore& store_;
  const std::string key_;
};

}  // namespace

std::unique_ptr<ShardRebuilds> MakeShardRebuilds(KeyValueStore& global,
                                                 absl::string_view global_root,
                                                 absl::string_view keyspace,
                                                 absl::string_view shard) {
  return std::make_unique<StoredRebuilds>(global,
                                          topo::ShardRebuildKey(global_root, keyspace, shard));
}

std::string ShardRebuildJson(const ShardRebuild& rebuild, const std::string& former) {
  Struct fields;
  const bool kept = google::protobuf::util::JsonStringToMessage(former, &fields).ok();
  if (!kept) fields.Clear();
  ShardRebuild copy = rebuild;
  MapRebuild({fields, /*reading=*/false}, copy).IgnoreError();
  std::string json;
  const bool written = google::protobuf::util::MessageToJsonString(fields, &json).ok();
  return written ? json : "{}";  // not for what MapRebuild makes
}

absl::StatusOr<ShardRebuild> ParseShardRebuild(const std::string& json) {
  Struct fields;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &fields);
  if (!parsed.ok()) return absl::DataLossError("the value is no JSON object");
  ShardRebuild rebuild;
  const absl::Status mapped = MapRebuild({fields, /*reading=*/true}, rebuild);
  if (mapped.ok()) return rebuild;
  return absl::DataLossError(absl::StrCat("the value is no rebuild: ", mapped.message()));
}

}  // namespace graft
