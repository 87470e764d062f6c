#include "cli/render_words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace graft::cli {

std::string OutcomeWord(v1::Outcome outcome) {
  const bool known = outcome != v1::OUTCOME_UNSPECIFIED && v1::Outcome_IsValid(outcome);
  return known ? absl::AsciiStrToLower(v1::Outcome_Name(outcome)) : "unknown";
}

std::string DataStateMeans(v1::DataState state) {
  switch (state) {
    case v1::INTACT:
      return "INTACT: the old data is whole";
    case v1::PARTIAL:
      return "PARTIAL: some of the old data is dropped";
    case v1::EMPTY:
      return "EMPTY: the old data is dropped, nothing usable is there";
    case v1::CLONED:
      return "CLONED: the donor's data, verified";
    default:
      return "unknown";
  }
}

std::string WhoReleases(const v1::Operation& operation) {
  if (operation.kind() != v1::RELEASE) return "";
  const v1::ReleaseWord& word = operation.release();
  return absl::StrCat("release by ", word.by(), word.note().empty() ? "" : ": ", word.note());
}

std::string HostOf(const std::string& alias, const std::string& mysql) {
  return mysql.empty() ? alias : absl::StrCat(alias, " (", mysql, ")");
}

}  // namespace graft::cli
