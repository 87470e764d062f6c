#include "cli/render.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/duration_flag.h"
#include "cli/text.h"
#include "graft/plan.h"
#include "graft/progress.h"
#include "view/operation.h"
#include "view/text.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

constexpr int kMostRows = 3;  // of one text
constexpr int kNarrow = 30;   // columns that have no room for whole words
constexpr int kLeastBar = 8;  // the brackets included
constexpr int kMostBar = 42;
constexpr int kLeastPhaseBar = 6;
constexpr int kMostPhaseBar = 32;
constexpr absl::Duration kBytesAreLate = absl::Seconds(5);

// Ranks of lines: the highest go first where there is no room. Those of phases are 2, 8 and 9.
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
    pieces.push_back({view::WhoReleases(operation), Tone::kPlain, 1});
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
    const double percent = std::clamp(progress.percent(), 0.0, 100.0);
    pieces.push_back({"", Tone::kPlain, 2,
                      [percent, &layout](int width) {
                        return Bar(percent / 100, width - 2, layout.utf8, BarKind::kMeasured);
                      },
                      kLeastBar, kMostBar});
    pieces.push_back({absl::StrFormat("%5s", view::PercentText(percent) + "%"), Tone::kStrong});
    view::EtaText eta = view::EtaOf(progress, now);
    if (eta.likely.empty()) eta.likely = "time left unknown";
    if (layout.columns > 0 && layout.columns < kNarrow) {
      eta.likely = absl::StrReplaceAll(eta.likely, {{"about ", "~"}, {"time left unknown", "?"}});
    }
    if (!eta.range.empty()) eta.range = absl::StrCat("(", eta.range, ")");
    pieces.push_back({eta.likely, Tone::kPlain, 1});
    pieces.push_back({eta.range, Tone::kPlain, 4});
  }
  if (progress.bytes_per_second() > 0) {
    pieces.push_back({view::HumanRate(progress.bytes_per_second()), Tone::kPlain, 3});
  }
  pieces.push_back(
      {absl::StrCat(HumanDuration(view::TotalTime(operation, now)), " so far"), Tone::kPlain, 5});
  Line line = Compose(std::move(pieces), layout.columns);
  line.rank = kRankOverall;
  return line;
}

Line StepLine(const v1::Operation& operation, absl::Time now, const Layout& layout) {
  std::vector<Piece> pieces = {{absl::StrCat("step ", operation.step()), Tone::kPlain}};
  Operation planned;
  if (operation.kind() == v1::RELEASE) planned.request.kind = OperationKind::kRelease;
  planned.request.if_needed = operation.if_needed();
  planned.from_backup = operation.from_backup();
  const Plan& plan = PlanOf(planned);
  const std::optional<Step> step = ParseStep(operation.step());
  const std::optional<size_t> place = step.has_value() ? PlaceIn(plan, *step) : std::nullopt;
  if (place.has_value()) {
    pieces.push_back({absl::StrCat(*place + 1, " of ", plan.size()), Tone::kPlain, 3});
  }
  const std::vector<view::StepView> steps = view::StepsOf(operation, now);
  if (!steps.empty() && steps.back().name == operation.step()) {
    pieces.push_back({HumanDuration(steps.back().took), Tone::kPlain, 1});
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

struct PhaseLook {
  const char* mark;
  const char* ascii_mark;
  Tone tone;
  int rank;  // as of a line
};
constexpr PhaseLook kDonePhase = {"✔", "+", Tone::kPlain, 8};
constexpr PhaseLook kCurrentPhase = {"▶", ">", Tone::kStrong, 2};
constexpr PhaseLook kComingPhase = {"·", ".", Tone::kFaint, 9};

// A short time in a fixed width, so that what follows stands still.
std::string Padded(const std::string& text, size_t width) {
  return absl::StrCat(text, std::string(width - std::min(width, text.size()), ' '));
}

Line RenderPhase(const view::PhaseView& phase, size_t name_width, int columns, bool utf8) {
  const bool coming = phase.state == view::PhaseState::kComing;
  const bool current = phase.state == view::PhaseState::kCurrent;
  const PhaseLook& look = coming ? kComingPhase : current ? kCurrentPhase : kDonePhase;
  const std::string name = coming ? phase.name : Padded(phase.name, name_width);
  std::vector<Piece> pieces = {
      {absl::StrCat(" ", utf8 ? look.mark : look.ascii_mark, " ", name), look.tone}};
  if (current) {
    const BarKind kind = phase.measured ? BarKind::kMeasured : BarKind::kGuessed;
    pieces.push_back(
        {"", Tone::kPlain, 2,
         [&phase, utf8, kind](int width) { return Bar(phase.done, width - 2, utf8, kind); },
         kLeastPhaseBar, kMostPhaseBar});
    pieces.push_back({absl::StrFormat("%4s", absl::StrCat(phase.measured ? "" : "~",
                                                          view::PercentOf(phase.done), "%")),
                      Tone::kStrong});
  }
  if (!coming) {
    if (phase.took > absl::ZeroDuration()) {
      pieces.push_back({Padded(HumanDuration(phase.took), 5), Tone::kPlain, 3});
    }
    pieces.push_back(
        {view::DetailOf(phase), Tone::kPlain, phase.recovery_percent.has_value() ? 1 : 4});
  }
  Line line = Compose(std::move(pieces), columns);
  line.rank = look.rank;
  return line;
}

// A line for each: done ones short with their time, the one that runs as a bar, and what is to come
// by name alone.
std::vector<Line> RenderPhases(const std::vector<view::PhaseView>& phases, int columns, bool utf8) {
  size_t name_width = 0;
  for (const view::PhaseView& phase : phases) name_width = std::max(name_width, phase.name.size());
  std::vector<Line> lines;
  lines.reserve(phases.size());
  for (const view::PhaseView& phase : phases) {
    lines.push_back(RenderPhase(phase, name_width, columns, utf8));
  }
  return lines;
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
  for (const std::string& text : {view::WaitsFor(operation, now), LateBytes(operation, now)}) {
    if (!text.empty()) AddText(text, Tone::kNotice, kRankWait, layout, lines);
  }
  lines.push_back(StepLine(operation, now, layout));
  for (Line& line : RenderPhases(view::PhasesOf(operation, now), layout.columns, layout.utf8)) {
    lines.push_back(std::move(line));
  }
  for (const view::Event& event : view::EventsOf(operation)) {
    const Tone tone = event.tone == view::Tone::kBad ? Tone::kBad : Tone::kPlain;
    AddText(event.Line(), tone, kRankHistory, layout, lines);
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
