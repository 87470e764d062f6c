#include "wire/preflight_proto.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "wire/fields.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

// The enums of both sides are in the same order, the wire's one further for its "unspecified".
static_assert(static_cast<int>(CheckOutcome::kPassed) + 1 == v1::PASSED);
static_assert(static_cast<int>(CheckOutcome::kFatal) + 1 == v1::FATAL);
static_assert(static_cast<int>(CheckSide::kRecipient) + 1 == v1::CHECK_SIDE_RECIPIENT);
static_assert(static_cast<int>(CheckSide::kSource) + 1 == v1::CHECK_SIDE_SOURCE);

absl::StatusOr<CheckOutcome> OutcomeFromProto(v1::CheckOutcome proto) {
  if (proto == v1::CHECK_OUTCOME_UNSPECIFIED || !v1::CheckOutcome_IsValid(proto)) {
    return UnknownWord("outcome of a check", absl::StrCat(static_cast<int>(proto)));
  }
  return static_cast<CheckOutcome>(static_cast<int>(proto) - 1);
}

absl::StatusOr<CheckSide> SideFromProto(v1::CheckSide proto) {
  if (proto == v1::CHECK_SIDE_UNSPECIFIED || !v1::CheckSide_IsValid(proto)) {
    return UnknownWord("side of a check", absl::StrCat(static_cast<int>(proto)));
  }
  return static_cast<CheckSide>(static_cast<int>(proto) - 1);
}

}  // namespace

v1::CheckResult ToProto(const CheckResult& result) {
  v1::CheckResult proto;
  proto.set_id(result.id);
  proto.set_side(static_cast<v1::CheckSide>(static_cast<int>(result.side) + 1));
  proto.set_outcome(static_cast<v1::CheckOutcome>(static_cast<int>(result.outcome) + 1));
  proto.set_looks_at(result.looks_at);
  proto.set_found(result.found);
  proto.set_remedy(result.remedy);
  return proto;
}

absl::StatusOr<CheckResult> FromProto(const v1::CheckResult& proto) {
  CheckResult result;
  result.id = proto.id();
  GRAFT_ASSIGN_OR_RETURN(result.side, SideFromProto(proto.side()));
  GRAFT_ASSIGN_OR_RETURN(result.outcome, OutcomeFromProto(proto.outcome()));
  result.looks_at = proto.looks_at();
  result.found = proto.found();
  result.remedy = proto.remedy();
  return result;
}

v1::PreflightReport ToProto(const PreflightReport& report) {
  v1::PreflightReport proto;
  proto.set_recipient(AliasText(report.recipient));
  proto.set_donor(AliasText(report.donor));
  proto.set_source(AliasText(report.source));
  for (const CheckResult& result : report.results) *proto.add_results() = ToProto(result);
  if (IsSet(report.made)) *proto.mutable_made() = ToTimestamp(report.made);
  return proto;
}

absl::StatusOr<PreflightReport> FromProto(const v1::PreflightReport& proto) {
  PreflightReport report;
  GRAFT_ASSIGN_OR_RETURN(report.recipient, AliasFromText(proto.recipient()));
  GRAFT_ASSIGN_OR_RETURN(report.donor, AliasFromText(proto.donor()));
  GRAFT_ASSIGN_OR_RETURN(report.source, AliasFromText(proto.source()));
  for (const v1::CheckResult& result : proto.results()) {
    GRAFT_ASSIGN_OR_RETURN(report.results.emplace_back(), FromProto(result));
  }
  report.made = TimeOrUnset(proto.has_made(), proto.made());
  return report;
}

}  // namespace graft
