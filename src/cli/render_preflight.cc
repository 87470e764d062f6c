#include "cli/render_preflight.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/text.h"

namespace graft::cli {
namespace {

std::string OneLine(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", " "}});
}

std::vector<std::string> Row(const v1::CheckResult& result) {
  return {CheckOutcomeWord(result.outcome()), CheckSideWord(result.side()), result.id(),
          OneLine(result.found().empty() ? result.looks_at() : result.found())};
}

int CountOf(const v1::PreflightReport& report, v1::CheckOutcome outcome) {
  int count = 0;
  for (const v1::CheckResult& result : report.results()) count += result.outcome() == outcome;
  return count;
}

std::string Summary(const v1::PreflightReport& report, bool may_be_tried) {
  if (report.results().empty()) return "no check was made; CLONE must not be tried";
  return absl::StrCat(CountOf(report, v1::PASSED), " passed, ", CountOf(report, v1::WARNING),
                      " warning, ", CountOf(report, v1::UNCHECKED), " unchecked, ",
                      CountOf(report, v1::FATAL), " fatal: CLONE ",
                      may_be_tried ? "may" : "must not", " be tried");
}

}  // namespace

std::string CheckOutcomeWord(v1::CheckOutcome outcome) {
  const bool known = outcome != v1::CHECK_OUTCOME_UNSPECIFIED && v1::CheckOutcome_IsValid(outcome);
  return known ? v1::CheckOutcome_Name(outcome) : "UNKNOWN";
}

std::string CheckSideWord(v1::CheckSide side) {
  switch (side) {
    case v1::CHECK_SIDE_RECIPIENT:
      return "recipient";
    case v1::CHECK_SIDE_DONOR:
      return "donor";
    case v1::CHECK_SIDE_SOURCE:
      return "source";
    default:
      return "unknown";
  }
}

std::vector<std::string> RenderPreflight(const v1::PreflightReport& report, bool may_be_tried) {
  std::string headline =
      absl::StrCat("preflight of ", report.recipient(), ", donor ", report.donor());
  if (!report.source().empty()) absl::StrAppend(&headline, ", to follow ", report.source());
  std::vector<std::string> lines = {headline};
  std::vector<std::vector<std::string>> rows = {{"OUTCOME", "SIDE", "CHECK", "FOUND"}};
  for (const v1::CheckResult& result : report.results()) rows.push_back(Row(result));
  for (std::string& line : AlignColumns(rows)) lines.push_back(std::move(line));
  lines.emplace_back();
  for (const v1::CheckResult& result : report.results()) {
    if (result.outcome() == v1::PASSED || result.remedy().empty()) continue;
    lines.push_back(absl::StrCat(result.id(), " (", CheckSideWord(result.side()),
                                 "): ", OneLine(result.remedy())));
  }
  lines.push_back(Summary(report, may_be_tried));
  return lines;
}

}  // namespace graft::cli
