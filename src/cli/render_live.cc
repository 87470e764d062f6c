#include "cli/render_live.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/duration_flag.h"
#include "cli/operation_times.h"
#include "cli/phases.h"
#include "cli/render_history.h"
#include "cli/render_words.h"
#include "cli/text.h"
#include "graft/clone_report.h"
#include "graft/plan.h"
#include "graft/step.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

constexpr int kMostRows = 3;  // of one text
constexpr int kNarrow = 30;   // columns that have no room for whole words
constexpr int kLeastBar = 8;  // the brackets included
constexpr int kMostBar = 42;
constexpr absl::Duration kBytesAreLate = absl::Seconds(5);

// Ranks of lines; those of phases are 2, 8 and 9.
constexpr int kRankOverall = 0;
constexpr int kRankNotice = 1;
constexpr int kRankWait = 3;
constexpr int kRankHeadline = 4;
constexpr int kRankStep = 5;
constexpr int kRankHistory = 6;

Line Headline(const v1::Operation& operation, const Layout& layout) {
  const char* arrow = layout.utf8 ? " ← " : " <- ";
  std::vector<Piece> pieces = {{operation.recipient(), Tone::kStrong}};
  if (operation.kind() == v1::RELEASE) {
    pieces.push_back({WhoReleases(operation), Tone::kPlain, 1});
  } else if (!operation.donor().empty()) {
    pieces[0].text += absl::StrCat(arrow, operation.donor());
    if (!operation.donor_mysql().empty()) {
      pieces.push_back({absl::StrCat("(", operation.donor_mysql(), ")"), Tone::kPlain, 3});
    }
  } else {
    pieces.push_back({"no donor yet", Tone::kPlain, 1});
  }
  pieces.push_back({absl::StrCat("operation ", operation.id()), Tone::kPlain, 2});
  Line line = Compose(std::move(pieces), layout.columns);
  line.rank = kRankHeadline;
  return line;
}

Line Overall(const v1::Operation& operation, absl::Time now, const Layout& layout) {
  const v1::Progress& progress = operation.progress();
  std::vector<Piece> pieces;
  if (!progress.phases().empty()) {
    // One digit behind the point, so that a long one is seen to move; cut, for what is not done
    // yet.
    const double percent = std::clamp(progress.percent(), 0.0, 100.0);
    pieces.push_back({"", Tone::kPlain, 2,
                      [percent, &layout](int width) {
                        return Bar(percent / 100, width - 2, layout.utf8, BarKind::kMeasured);
                      },
                      kLeastBar, kMostBar});
    pieces.push_back(
        {absl::StrFormat("%4.1f%%", static_cast<int>(percent * 10 + 1e-9) / 10.0), Tone::kStrong});
    EtaText eta = EtaOf(progress, now);
    if (eta.likely.empty()) eta.likely = "time left unknown";
    if (layout.columns > 0 && layout.columns < kNarrow) {
      eta.likely = absl::StrReplaceAll(eta.likely, {{"about ", "~"}, {"time left unknown", "?"}});
    }
    if (!eta.range.empty()) eta.range = absl::StrCat("(", eta.range, ")");
    pieces.push_back({eta.likely, Tone::kPlain, 1});
    pieces.push_back({eta.range, Tone::kPlain, 4});
  }
  if (progress.bytes_per_second() > 0) {
    pieces.push_back({HumanRate(progress.bytes_per_second()), Tone::kPlain, 3});
  }
  pieces.push_back(
      {absl::StrCat(HumanDuration(TotalTime(operation, now)), " so far"), Tone::kPlain, 5});
  Line line = Compose(std::move(pieces), layout.columns);
  line.rank = kRankOverall;
  return line;
}

Line StepLine(const v1::Operation& operation, absl::Time now, const Layout& layout) {
  std::vector<Piece> pieces = {{absl::StrCat("step ", operation.step()), Tone::kPlain}};
  const bool releases = operation.kind() == v1::RELEASE;
  const Plan& plan = PlanOf(releases ? OperationKind::kRelease : OperationKind::kReprovision);
  const std::optional<Step> step = ParseStep(operation.step());
  const std::optional<size_t> place = step.has_value() ? PlaceIn(plan, *step) : std::nullopt;
  if (place.has_value()) {
    pieces.push_back({absl::StrCat(*place + 1, " of ", plan.size()), Tone::kPlain, 3});
  }
  if (!operation.times().empty()) {
    const v1::StepTime& last = operation.times(operation.times_size() - 1);
    if (last.step() == operation.step()) {
      pieces.push_back({HumanDuration(TimeOf(last, now)), Tone::kPlain, 1});
    }
  }
  if (operation.attempt() > 1) {
    pieces.push_back({absl::StrCat("attempt ", operation.attempt()), Tone::kNotice, 2});
  }
  if (operation.data_state() != v1::DATA_STATE_UNSPECIFIED) {
    pieces.push_back(
        {absl::StrCat("data ", v1::DataState_Name(operation.data_state())), Tone::kPlain, 4});
  }
  Line line = Compose(std::move(pieces), layout.columns);
  line.rank = kRankStep;
  return line;
}

void AddText(const std::string& text, Tone tone, int rank, const Layout& layout,
             std::vector<Line>& lines) {
  std::vector<std::string> rows = WrapWords(Printable(text, layout.utf8), layout.columns, "  ");
  if (layout.columns > 0 && rows.size() > kMostRows) {
    rows.resize(kMostRows);
    rows.back() = absl::StrCat(CutToWidth(rows.back(), std::max(0, layout.columns - 3)), "...");
  }
  for (std::string& row : rows) lines.push_back({{{std::move(row), tone}}, rank});
}

// Of a copy whose bytes have not come for a while.
std::string LateBytes(const v1::Operation& operation, absl::Time now) {
  const v1::Progress& progress = operation.progress();
  const bool copies = progress.stage() == CloneStageName(CloneStage::kFileCopy) ||
                      progress.stage() == CloneStageName(CloneStage::kPageCopy) ||
                      progress.stage() == CloneStageName(CloneStage::kRedoCopy);
  if (!copies || !progress.has_last_byte()) return "";
  const absl::Duration age = now - FromTimestamp(progress.last_byte());
  return age > kBytesAreLate ? absl::StrCat("no byte for ", HumanDuration(age)) : "";
}

}  // namespace

std::vector<Line> RenderLive(const v1::Operation& operation, absl::Time now, const Layout& layout,
                             const std::vector<std::string>& notices) {
  std::vector<Line> lines = {Headline(operation, layout), Overall(operation, now, layout)};
  for (const std::string& text : {WaitsFor(operation, now), LateBytes(operation, now)}) {
    if (!text.empty()) AddText(text, Tone::kNotice, kRankWait, layout, lines);
  }
  lines.push_back(StepLine(operation, now, layout));
  for (Line& line : RenderPhases(PhasesOf(operation, now), layout.columns, layout.utf8)) {
    lines.push_back(std::move(line));
  }
  int failures = operation.failed_attempts_size();  // these come first
  for (const std::string& text : HistoryLines(operation)) {
    AddText(text, failures-- > 0 ? Tone::kBad : Tone::kPlain, kRankHistory, layout, lines);
  }
  for (const std::string& notice : notices) {
    AddText(notice, Tone::kNotice, kRankNotice, layout, lines);
  }
  // Whatever a server's error message holds must not steer the terminal.
  for (Line& line : lines) {
    for (Span& span : line.spans) span.text = Printable(span.text, layout.utf8);
  }
  return Fit(std::move(lines), layout.rows);
}

}  // namespace graft::cli
