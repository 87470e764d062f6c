// Single fields that several messages share. Pure functions. An alias or an address that is empty,
// and a time that never was (absl::InfinitePast()), is an unset field; a word or a number that is
// not known is INVALID_ARGUMENT, and the text names it.
#ifndef GRAFT_WIRE_FIELDS_H_
#define GRAFT_WIRE_FIELDS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "graft/clone_report.h"
#include "graft/step.h"
#include "graft/tablet.h"

namespace graft {

// The error for a `word` that is no known `field`.
absl::Status UnknownWord(absl::string_view field, absl::string_view word);

bool IsSet(absl::Time time);
absl::Time TimeOrUnset(bool has, const google::protobuf::Timestamp& proto);

std::string AliasText(const TabletAlias& alias);
absl::StatusOr<TabletAlias> AliasFromText(absl::string_view text);

std::string HostPortText(const HostPort& address);  // "host:port"
absl::StatusOr<HostPort> HostPortFromText(absl::string_view text);

absl::StatusOr<Step> StepFromWord(absl::string_view word);
absl::StatusOr<CloneStage> StageFromWord(absl::string_view word);

}  // namespace graft

#endif  // GRAFT_WIRE_FIELDS_H_
