// A preflight's report as lines of text.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/render.h"
#include "cli/text.h"
#include "view/operation.h"

namespace graft::cli {
namespace {

std::string OneLine(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", " "}});
}

std::vector<std::string> Row(const v1::CheckResult& result) {
  return {view::CheckOutcomeWord(result.outcome()), view::CheckSideWord(result.side()), result.id(),
          view::FoundText(result)};
}

std::string Summary(const v1::PreflightReport& report, bool may_be_tried) {
  if (report.results().empty()) return "no check was made; CLONE must not be tried";
  return absl::StrCat(view::CountOf(report.results(), v1::PASSED), " passed, ",
                      view::CountOf(report.results(), v1::WARNING), " warning, ",
                      view::CountOf(report.results(), v1::UNCHECKED), " unchecked, ",
                      view::CountOf(report.results(), v1::FATAL), " fatal: CLONE ",
                      may_be_tried ? "may" : "must not", " be tried");
}

}  // namespace

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
    lines.push_back(absl::StrCat(result.id(), " (", view::CheckSideWord(result.side()),
                                 "): ", OneLine(result.remedy())));
  }
  lines.push_back(Summary(report, may_be_tried));
  return lines;
}

}  // namespace graft::cli
