#include "wire/operation_proto.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "wire/fields.h"

namespace graft {
namespace {

constexpr size_t kMostRefusals = 10;  // as an operation keeps them

absl::StatusCode CodeFromWord(const std::string& word) {
  for (int number = 1; number <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++number) {
    const auto code = static_cast<absl::StatusCode>(number);
    if (absl::StatusCodeToString(code) == word) return code;
  }
  return absl::StatusCode::kUnknown;
}

void MapEta(Fields fields, std::optional<Eta>& eta) {
  // One without a range is of a graft that had no estimates, and says nothing by now.
  if (fields.reading() && fields.Has("eta") && fields.Has("eta_low")) eta.emplace();
  if (!eta.has_value()) return;
  fields("eta", eta->likely);
  fields("eta_low", eta->low);
  fields("eta_high", eta->high);
}

// The tablets and servers it deals with.
void MapPeers(Fields& fields, Operation& operation) {
  GRAFT_MAP(fields, operation.recipient, operation.donor, operation.donor_mysql, operation.source,
            operation.source_mysql);
}

// What happened on the way, and what it all means.
void MapHistory(Fields& fields, Operation& operation) {
  GRAFT_MAP(fields, operation.failed_attempts, operation.refused_donors, operation.refused_more,
            operation.findings, operation.queue_place, operation.claim_lost, operation.resumptions,
            operation.ended_sessions, operation.ended_sessions_more, operation.proof);
  fields("donor_patience", operation.donor_patience);  // a record of version 1 has none
  // Records of old have thousands of them, more than a client takes.
  const size_t refused = operation.refused_donors.size();
  if (!fields.reading() || refused <= kMostRefusals) return;
  operation.refused_more += static_cast<int>(refused - kMostRefusals);
  operation.refused_donors.resize(kMostRefusals);
}

static_assert(static_cast<int>(PrimaryAsDonor::kLikeOthers) == v1::PRIMARY_LIKE_OTHERS);
static_assert(static_cast<int>(PrimaryAsDonor::kNever) == v1::PRIMARY_NEVER);

absl::Status CheckRange(absl::string_view name, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("settings.", name, " is ", value, "; it must be ", least, " to ", most));
}

}  // namespace

void Map(Fields& fields, CloneStageRow& row) {
  GRAFT_MAP(fields, row.stage, row.state, row.estimate_bytes, row.data_bytes, row.network_bytes,
            row.begin_time, row.end_time);
}

void Map(Fields& fields, PhaseProgress& phase) {
  GRAFT_MAP(fields, phase.phase, phase.share, phase.done, phase.measured, phase.took);
}

// All but the time left.
void Map(Fields& fields, Progress& progress) {
  GRAFT_MAP(fields, progress.stage, progress.stages, progress.bytes_done, progress.bytes_expected,
            progress.bytes_per_second, progress.last_byte, progress.note, progress.clone_sent,
            progress.percent, progress.phases, progress.learnt_from, progress.recovery_percent,
            progress.phase_began, progress.sampled, progress.waiting_since);
}

void Map(Fields& fields, StepTime& time) {
  GRAFT_MAP(fields, time.step, time.started, time.ended);
}

void Map(Fields& fields, RefusedDonor& refused) {
  GRAFT_MAP(fields, refused.alias, refused.reason, refused.text);
}

void Map(Fields& fields, FailedAttempt& attempt) {
  GRAFT_MAP(fields, attempt.attempt, attempt.donor, attempt.step, attempt.data_state, attempt.error,
            attempt.ended);
}

void Map(Fields& fields, EndedSession& session) {
  GRAFT_MAP(fields, session.connection_id, session.user, session.host);
}

void Map(Fields& fields, OldData& data) {
  GRAFT_MAP(fields, data.verdict, data.found, data.why_copied, data.gtid_before, data.gtid_after,
            data.transactions_behind, data.transactions_caught_up);
}

void Map(Fields& fields, Proof& proof) {
  GRAFT_MAP(fields, proof.gtid_before, proof.gtid_discarded, proof.transactions_discarded,
            proof.emptied_tables, proof.disabled_events, proof.not_checked);
}

void Map(Fields& fields, CheckResult& result) {
  GRAFT_MAP(fields, result.id, result.side, result.outcome, result.looks_at, result.found,
            result.remedy);
}

void Map(Fields& fields, PreflightReport& report) {
  GRAFT_MAP(fields, report.recipient, report.donor, report.source, report.results, report.made);
}

void Map(Fields& fields, Operation& operation) {
  Map(fields, operation.request);
  MapPeers(fields, operation);
  GRAFT_MAP(fields, operation.step, operation.outcome, operation.data_state, operation.attempt,
            operation.requested, operation.ended, operation.times, operation.error,
            operation.progress, operation.from_backup, operation.backup);
  if (fields.reading() || operation.outcome == Outcome::kRunning) {
    MapEta(fields.In("progress"), operation.progress.eta);
  }
  MapHistory(fields, operation);
  if (operation.request.if_needed) fields.IfSet("old_data", operation.old_data);
}

v1::Operation ToProto(const Operation& operation) {
  return ToMessage<v1::Operation>(operation);
}

v1::PreflightReport ToProto(const PreflightReport& report) {
  return ToMessage<v1::PreflightReport>(report);
}

v1::Error ToProto(const absl::Status& status) {
  v1::Error proto;
  proto.set_code(absl::StatusCodeToString(status.code()));
  proto.set_reason(ReasonOf(status));
  proto.set_message(std::string(status.message()));
  return proto;
}

absl::Status FromProto(const v1::Error& proto) {
  const absl::Status status(CodeFromWord(proto.code()), proto.message());
  return proto.reason().empty() ? status : WithReason(status, proto.reason());
}

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
    case DonorChoice::Kind::kBackup:
      proto.set_backup(choice.backup);
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
  if (proto.has_backup()) {
    choice.kind = DonorChoice::Kind::kBackup;
    choice.backup = proto.backup();
    return choice;
  }
  if (proto.any()) choice.kind = DonorChoice::Kind::kAny;
  if (proto.primary() || proto.any()) return choice;
  return absl::InvalidArgumentError(
      "the donor is neither the primary (primary: true) nor a tablet (tablet: <alias>) nor the "
      "best one of the shard (any: true) nor a backup (backup: <name>)");
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
  GRAFT_MAP(fields, settings.max_data_bandwidth_mib, settings.max_network_bandwidth_mib,
            settings.max_concurrency, settings.compression, settings.block_ddl);
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
  GRAFT_MAP(fields, word.by, word.note, word.data_is_good);
}

void Map(Fields& fields, OperationRequest& request) {
  fields("id", request.id);
  fields("donor_choice", request.donor);
  if (fields.reading() && !fields.Has("replicate_from")) {
    fields.Fail(absl::InvalidArgumentError("replicate_from is missing"));
  }
  GRAFT_MAP(fields, request.replicate_from, request.settings, request.allow);
  fields("fallback_to_backup", request.fallback_to_backup);
  fields.IfSet("kind", request.kind);  // a graft that knew rebuilds alone wrote none
  if (fields.reading() || request.kind == OperationKind::kRelease) {
    fields("release", request.release);
  }
  fields("if_needed", request.if_needed);
}

}  // namespace graft
