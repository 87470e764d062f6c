#include "wire/request_proto.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/errors.h"
#include "wire/fields.h"

namespace graft {
namespace {

static_assert(static_cast<int>(PrimaryAsDonor::kLikeOthers) == v1::PRIMARY_LIKE_OTHERS);
static_assert(static_cast<int>(PrimaryAsDonor::kNever) == v1::PRIMARY_NEVER);

absl::Status CheckRange(absl::string_view name, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("settings.", name, " is ", value, "; it must be ", least, " to ", most));
}

}  // namespace

v1::DonorChoice ToProto(const DonorChoice& choice) {
  v1::DonorChoice proto;
  switch (choice.kind) {
    case DonorChoice::Kind::kPrimary:
      proto.set_primary(true);
      break;
    case DonorChoice::Kind::kTablet:
      proto.set_tablet(choice.tablet.ToString());
      break;
    case DonorChoice::Kind::kAny:
      proto.set_any(true);
      break;
  }
  proto.set_primary_as_donor(static_cast<v1::PrimaryAsDonor>(choice.primary));
  return proto;
}

absl::StatusOr<DonorChoice> FromProto(const v1::DonorChoice& proto) {
  DonorChoice choice;
  if (!v1::PrimaryAsDonor_IsValid(proto.primary_as_donor())) {
    return absl::InvalidArgumentError(
        absl::StrCat("primary_as_donor has no meaning ", proto.primary_as_donor()));
  }
  choice.primary = static_cast<PrimaryAsDonor>(proto.primary_as_donor());
  if (proto.has_tablet()) {
    choice.kind = DonorChoice::Kind::kTablet;
    GRAFT_ASSIGN_OR_RETURN(choice.tablet, TabletAlias::Parse(proto.tablet()));
    return choice;
  }
  if (proto.any()) choice.kind = DonorChoice::Kind::kAny;
  if (proto.primary() || proto.any()) return choice;
  return absl::InvalidArgumentError(
      "the donor is neither the primary (primary: true) nor a tablet (tablet: <alias>) nor the "
      "best one of the shard (any: true)");
}

v1::CloneSettings ToProto(const CloneSettings& settings) {
  return ToMessage<v1::CloneSettings>(settings);
}

absl::Status CheckCloneSettings(const CloneSettings& settings) {
  GRAFT_RETURN_IF_ERROR(CheckRange(
      "max_data_bandwidth_mib", settings.max_data_bandwidth_mib.value_or(0), 0, kMostBandwidthMib));
  GRAFT_RETURN_IF_ERROR(CheckRange("max_network_bandwidth_mib",
                                   settings.max_network_bandwidth_mib.value_or(0), 0,
                                   kMostBandwidthMib));
  return CheckRange("max_concurrency", settings.max_concurrency.value_or(1), 1, kMostConcurrency);
}

void Map(Fields& fields, CloneSettings& settings) {
  fields("max_data_bandwidth_mib", settings.max_data_bandwidth_mib);
  fields("max_network_bandwidth_mib", settings.max_network_bandwidth_mib);
  fields("max_concurrency", settings.max_concurrency);
  fields("compression", settings.compression);
  fields("block_ddl", settings.block_ddl);
}

void Map(Fields& fields, Allowances& allow) {
  fields("non_innodb", allow.non_innodb);
  fields("lost_replication_settings", allow.lost_replication_settings);
  bool all = allow.unchecked.count(kAllChecks) > 0;
  std::vector<std::string> checks(allow.unchecked.begin(), allow.unchecked.end());
  if (all) checks.clear();
  fields("unchecked", all);
  fields("unchecked_checks", checks);
  if (!fields.reading()) return;
  if (all) checks.emplace_back(kAllChecks);
  if (const absl::Status known = AllowUnchecked(checks, allow); !known.ok()) fields.Fail(known);
}

void Map(Fields& fields, ReleaseWord& word) {
  fields("by", word.by);
  fields("note", word.note);
  fields("data_is_good", word.data_is_good);
}

void Map(Fields& fields, OperationRequest& request) {
  fields("id", request.id);
  fields("donor_choice", request.donor);
  if (fields.reading() && !fields.Has("replicate_from")) {
    fields.Fail(absl::InvalidArgumentError("replicate_from is missing"));
  }
  fields("replicate_from", request.replicate_from);
  fields("settings", request.settings);
  fields("allow", request.allow);
  fields.IfSet("kind", request.kind);  // a graft that knew rebuilds alone wrote none
  if (fields.reading() || request.kind == OperationKind::kRelease) {
    fields("release", request.release);
  }
}

}  // namespace graft
