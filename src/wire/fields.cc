#include "wire/fields.h"

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "wire/time_proto.h"

namespace graft {

absl::Status UnknownWord(absl::string_view field, absl::string_view word) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", word, "\" is no known ", field, "; was this written by a newer graft?"));
}

bool IsSet(absl::Time time) {
  return time != absl::InfinitePast();
}

absl::Time TimeOrUnset(bool has, const google::protobuf::Timestamp& proto) {
  return has ? FromTimestamp(proto) : absl::InfinitePast();
}

std::string AliasText(const TabletAlias& alias) {
  return alias.empty() ? "" : alias.ToString();
}

absl::StatusOr<TabletAlias> AliasFromText(absl::string_view text) {
  if (text.empty()) return TabletAlias{};
  return TabletAlias::Parse(text);
}

std::string HostPortText(const HostPort& address) {
  return address.host.empty() && address.port == 0 ? "" : address.ToString();
}

absl::StatusOr<HostPort> HostPortFromText(absl::string_view text) {
  HostPort address;
  if (text.empty()) return address;
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no <host>:<port>"));
  }
  address.host = std::string(text.substr(0, colon));
  return address;
}

absl::StatusOr<Step> StepFromWord(absl::string_view word) {
  const std::optional<Step> step = ParseStep(word);
  if (!step.has_value()) return UnknownWord("step", word);
  return *step;
}

absl::StatusOr<CloneStage> StageFromWord(absl::string_view word) {
  const std::optional<CloneStage> stage = ParseCloneStage(word);
  if (!stage.has_value()) return UnknownWord("clone stage", word);
  return *stage;
}

}  // namespace graft
