#include "graft/shard_rebuild.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "topo/records.h"

namespace graft {
namespace {

using Json = nlohmann::json;

constexpr char kPrimary[] = "primary";
constexpr char kAny[] = "any";
constexpr double kMostNumber = 1e9;  // all of a rebuild's are far below

template <typename T>
bool Holds(const Json& field) {
  if (std::is_same_v<T, bool>) return field.is_boolean();
  if (std::is_same_v<T, std::string>) return field.is_string();
  return field.is_number() && std::abs(field.get<double>()) < kMostNumber;
}

// The fields of one JSON object beside the members of a plain value: each is named once, for both
// ways. A value that is unset is no field.
class Object {
 public:
  Object(Json& json, bool reading) : json_(json), reading_(reading) {
    if (!json.is_object()) json = Json::object();
  }

  bool reading() const { return reading_; }
  template <typename T>
  void operator()(const char* name, std::optional<T>& value) {
    if (!reading_ && !value.has_value()) json_.erase(name);
    if (!reading_ && value.has_value()) json_[name] = *value;
    const auto field = json_.find(name);
    if (reading_ && field != json_.end() && Holds<T>(*field)) value = field->template get<T>();
  }
  void operator()(const char* name, std::string& text) {
    std::optional<std::string> value;
    if (!text.empty()) value = text;
    (*this)(name, value);
    text = value.value_or("");
  }
  void operator()(const char* name, bool& on) {
    std::optional<bool> value;
    if (!reading_) value = on;
    (*this)(name, value);
    on = value.value_or(false);
  }
  Object In(const char* name) { return {json_[name], reading_}; }
  Json& List(const char* name) {
    Json& list = json_[name];
    if (!list.is_array()) list = Json::array();
    return list;
  }

 private:
  Json& json_;
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
  object("ifNeeded", call.if_needed);
  Object settings = object.In("settings");
  settings("maxDataBandwidthMib", call.settings.max_data_bandwidth_mib);
  settings("maxNetworkBandwidthMib", call.settings.max_network_bandwidth_mib);
  settings("maxConcurrency", call.settings.max_concurrency);
  settings("compression", call.settings.compression);
  settings("blockDdl", call.settings.block_ddl);
  Object allow = object.In("allow");
  allow("nonInnodb", call.allow.non_innodb);
  allow("lostReplicationSettings", call.allow.lost_replication_settings);
  Json& unchecked = allow.List("unchecked");
  if (!object.reading()) unchecked = call.allow.unchecked;
  for (const Json& check : unchecked) {
    if (check.is_string()) call.allow.unchecked.insert(check.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status MapMembers(Object& object, std::vector<ShardRebuild::Member>& members) {
  Json& list = object.List("members");
  if (object.reading()) members.resize(list.size());
  for (size_t i = 0; i < members.size(); ++i) {
    GRAFT_RETURN_IF_ERROR(MapMember({list[i], object.reading()}, members[i]));
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

}  // namespace

ShardRebuilds::ShardRebuilds(KeyValueStore& global, absl::string_view global_root,
                             absl::string_view keyspace, absl::string_view shard)
    : store_(global), key_(topo::ShardRebuildKey(global_root, keyspace, shard)) {}

absl::StatusOr<ShardRebuild> ShardRebuilds::Get() {
  GRAFT_ASSIGN_OR_RETURN(const KeyValue item, Read());
  return Parse(item.value);
}

absl::Status ShardRebuilds::Begin(const ShardRebuild& rebuild) {
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

absl::Status ShardRebuilds::Change(absl::string_view id,
                                   const std::function<absl::Status(ShardRebuild&)>& change) {
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

absl::StatusOr<std::unique_ptr<Watch>> ShardRebuilds::Follow(std::function<void()> on_change) {
  auto watch = store_.WatchPrefix(
      key_, 0, [key = key_, on_change = std::move(on_change)](const KeyEvent& event) {
        if (event.item.key == key) on_change();  // else a longer shard name's
      });
  if (!watch.ok()) return Annotate(watch.status(), absl::StrCat("watch ", key_));
  return watch;
}

absl::StatusOr<KeyValue> ShardRebuilds::Read() {
  auto item = store_.Get(key_);
  if (absl::IsNotFound(item.status())) {
    return absl::NotFoundError(
        absl::StrCat("the shard has had no rebuild, there is no ", key_,
                     ": begin one with --all, --unhealthy or the aliases of tablets"));
  }
  if (!item.ok()) return Annotate(item.status(), absl::StrCat("read ", key_));
  return item;
}

absl::StatusOr<ShardRebuild> ShardRebuilds::Parse(const std::string& json) const {
  auto rebuild = ParseShardRebuild(json);
  if (!rebuild.ok()) return Annotate(rebuild.status(), key_);
  return rebuild;
}

absl::Status ShardRebuilds::Written(const absl::Status& status) const {
  return Annotate(status, absl::StrCat("write ", key_));
}

absl::Status ShardRebuilds::Quicker() const {
  return absl::AbortedError(absl::StrCat("write ", key_, ": others changed it; try again"));
}

std::string ShardRebuildJson(const ShardRebuild& rebuild, const std::string& former) {
  Json json = Json::parse(former, nullptr, /*allow_exceptions=*/false);
  ShardRebuild copy = rebuild;
  MapRebuild({json, /*reading=*/false}, copy).IgnoreError();
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

absl::StatusOr<ShardRebuild> ParseShardRebuild(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::DataLossError("the value is no JSON object");
  ShardRebuild rebuild;
  const absl::Status mapped = MapRebuild({json, /*reading=*/true}, rebuild);
  if (mapped.ok()) return rebuild;
  return absl::DataLossError(absl::StrCat("the value is no rebuild: ", mapped.message()));
}

}  // namespace graft
