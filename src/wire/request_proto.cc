#include "wire/request_proto.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/errors.h"
#include "wire/fields.h"

namespace graft {
namespace {

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
  return proto;
}

absl::StatusOr<DonorChoice> FromProto(const v1::DonorChoice& proto) {
  DonorChoice choice;
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

v1::ReplicateFrom ToProto(ReplicateFrom from) {
  return from == ReplicateFrom::kDonor ? v1::REPLICATE_FROM_DONOR : v1::REPLICATE_FROM_PRIMARY;
}

absl::StatusOr<std::optional<ReplicateFrom>> FromProto(v1::ReplicateFrom proto) {
  switch (proto) {
    case v1::REPLICATE_FROM_UNSPECIFIED:
      return std::optional<ReplicateFrom>();
    case v1::REPLICATE_FROM_DONOR:
      return std::make_optional(ReplicateFrom::kDonor);
    case v1::REPLICATE_FROM_PRIMARY:
      return std::make_optional(ReplicateFrom::kPrimary);
    default:
      return UnknownWord("replicate_from", absl::StrCat(static_cast<int>(proto)));
  }
}

v1::CloneSettings ToProto(const CloneSettings& settings) {
  v1::CloneSettings proto;
  if (const auto& mib = settings.max_data_bandwidth_mib) proto.set_max_data_bandwidth_mib(*mib);
  if (const auto& mib = settings.max_network_bandwidth_mib) {
    proto.set_max_network_bandwidth_mib(*mib);
  }
  if (const auto& threads = settings.max_concurrency) proto.set_max_concurrency(*threads);
  if (settings.compression.has_value()) proto.set_compression(*settings.compression);
  if (settings.block_ddl.has_value()) proto.set_block_ddl(*settings.block_ddl);
  return proto;
}

CloneSettings FromProto(const v1::CloneSettings& proto) {
  CloneSettings settings;
  if (proto.has_max_data_bandwidth_mib()) {
    settings.max_data_bandwidth_mib = proto.max_data_bandwidth_mib();
  }
  if (proto.has_max_network_bandwidth_mib()) {
    settings.max_network_bandwidth_mib = proto.max_network_bandwidth_mib();
  }
  if (proto.has_max_concurrency()) settings.max_concurrency = proto.max_concurrency();
  if (proto.has_compression()) settings.compression = proto.compression();
  if (proto.has_block_ddl()) settings.block_ddl = proto.block_ddl();
  return settings;
}

absl::Status CheckCloneSettings(const CloneSettings& settings) {
  GRAFT_RETURN_IF_ERROR(CheckRange(
      "max_data_bandwidth_mib", settings.max_data_bandwidth_mib.value_or(0), 0, kMostBandwidthMib));
  GRAFT_RETURN_IF_ERROR(CheckRange("max_network_bandwidth_mib",
                                   settings.max_network_bandwidth_mib.value_or(0), 0,
                                   kMostBandwidthMib));
  return CheckRange("max_concurrency", settings.max_concurrency.value_or(1), 1, kMostConcurrency);
}

v1::OperationKind ToProto(OperationKind kind) {
  return kind == OperationKind::kRelease ? v1::RELEASE : v1::REPROVISION;
}

absl::StatusOr<OperationKind> FromProto(v1::OperationKind proto) {
  switch (proto) {
    case v1::OPERATION_KIND_UNSPECIFIED:
    case v1::REPROVISION:
      return OperationKind::kReprovision;
    case v1::RELEASE:
      return OperationKind::kRelease;
    default:
      return UnknownWord("kind", absl::StrCat(static_cast<int>(proto)));
  }
}

v1::ReleaseWord ToProto(const ReleaseWord& word) {
  v1::ReleaseWord proto;
  proto.set_by(word.by);
  proto.set_note(word.note);
  proto.set_data_is_good(word.data_is_good);
  return proto;
}

ReleaseWord FromProto(const v1::ReleaseWord& proto) {
  return {proto.by(), proto.note(), proto.data_is_good()};
}

v1::Allowances ToProto(const Allowances& allow) {
  v1::Allowances proto;
  proto.set_non_innodb(allow.non_innodb);
  proto.set_unchecked(allow.unchecked);
  return proto;
}

Allowances FromProto(const v1::Allowances& proto) {
  Allowances allow;
  allow.non_innodb = proto.non_innodb();
  allow.unchecked = proto.unchecked();
  return allow;
}

}  // namespace graft
