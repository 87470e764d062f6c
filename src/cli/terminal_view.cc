// The view that redraws in place.
//
// Each drawing is one write, which hides the cursor at its beginning and shows it at its end: so no
// signal, not even SIGKILL or SIGSTOP, leaves a terminal without one.
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cli/operation_view.h"
#include "cli/render.h"
#include "graft/cancellation.h"
#include "view/operation.h"

namespace graft::cli {
namespace {

constexpr absl::string_view kHideCursor = "\x1b[?25l";
constexpr absl::string_view kShowCursor = "\x1b[?25h";
constexpr absl::string_view kEraseLine = "\x1b[K";   // from the cursor on
constexpr absl::string_view kEraseBelow = "\x1b[J";  // all from the cursor on

Tone ToneOf(const v1::Operation& operation) {
  return operation.outcome() == v1::DONE     ? Tone::kGood
         : operation.outcome() == v1::FAILED ? Tone::kBad
                                             : Tone::kNotice;
}

class TerminalView : public OperationView {
 public:
  TerminalView(const ViewDeps& deps, const Screen& screen)
      : deps_(deps), screen_(screen), ticker_([this] { Tick(); }) {}

  ~TerminalView() override { StopTicking(); }

  void Show(const v1::Operation& operation) override {
    absl::MutexLock lock(&mutex_);
    operation_ = operation;
    heard_ = true;
    silence_ = absl::OkStatus();
    time_.Heard(operation, deps_.clock.Now());
    Draw();
  }

  void Silent(absl::Time since, const absl::Status& why) override {
    absl::MutexLock lock(&mutex_);
    silent_since_ = since;
    silence_ = why;
    Draw();
  }

  void Tell(const std::string& line) override {
    absl::MutexLock lock(&mutex_);
    told_ = line;  // the newest says how things are
    Draw();
  }

  void Resized() override {
    absl::MutexLock lock(&mutex_);
    Draw();
  }

  // The verdict takes the place of what was drawn, and stays.
  void End(const v1::Operation& operation) override {
    StopTicking();
    absl::MutexLock lock(&mutex_);
    screen_.write(absl::StrCat(Back(screen_.size().columns), kEraseBelow));
    drawn_.clear();
    std::vector<std::string> lines = RenderVerdict(operation, deps_.clock.Now());
    lines.front() = Toned(lines.front(), ToneOf(operation), screen_.colour);
    WriteLines(lines, deps_.out);
  }

 private:
  // The lock is held while writing, since two drawings at once would mix; nobody waits for it but
  // the other one.
  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const ScreenSize size = screen_.size();
    // A character in the last column would make some terminals begin another line, and what has
    // scrolled off the screen cannot be redrawn.
    const int columns = std::max(1, size.columns - 1);
    std::string text = absl::StrCat(kHideCursor, Back(size.columns));
    drawn_.clear();
    for (const Line& line : Lines({columns, std::max(1, size.rows - 1), screen_.utf8})) {
      absl::StrAppend(&text, ToText(line, columns, screen_.colour), kEraseLine, "\n");
      drawn_.push_back(std::min(columns, WidthOf(line)));
    }
    absl::StrAppend(&text, kEraseBelow, kShowCursor);
    screen_.write(text);
  }

  std::vector<Line> Lines(const Layout& layout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Time now = deps_.clock.Now();
    std::vector<std::string> notices;
    if (!silence_.ok()) {
      const std::string text = SilenceText(now - silent_since_, silence_);
      if (!text.empty()) notices.push_back(text);
    }
    if (!told_.empty()) notices.push_back(told_);
    // Without contact nothing goes on that is known of.
    const absl::Time known = silence_.ok() ? now : silent_since_;
    if (heard_) return RenderLive(operation_, time_.At(known), layout, notices);
    std::vector<Line> lines;
    for (const std::string& notice : notices) lines.push_back({{{notice, Tone::kNotice}}});
    return Fit(std::move(lines), layout.rows);
  }

  // To the beginning of what was drawn. A terminal that has become narrower since has broken its
  // lines into several.
  std::string Back(int columns) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    int rows = 0;
    for (const int width : drawn_) rows += std::max(1, (width + columns - 1) / columns);
    return rows > 0 ? absl::StrCat("\r\x1b[", rows, "A") : "\r";
  }

  void Tick() {
    while (stop_.WaitFor(deps_.clock, absl::Seconds(1)) != WaitEnd::kCancelled) {
      absl::MutexLock lock(&mutex_);
      if (!drawn_.empty()) Draw();
    }
  }

  void StopTicking() {
    stop_.Cancel();
    if (ticker_.joinable()) ticker_.join();
  }

  const ViewDeps deps_;
  const Screen screen_;
  absl::Mutex mutex_;
  v1::Operation operation_ ABSL_GUARDED_BY(mutex_);
  view::AgentTime time_ ABSL_GUARDED_BY(mutex_);
  bool heard_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time silent_since_ ABSL_GUARDED_BY(mutex_);
  absl::Status silence_ ABSL_GUARDED_BY(mutex_);  // why there is none of it; OK: there is
  std::string told_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> drawn_ ABSL_GUARDED_BY(mutex_);  // widths of the lines on the screen
  Cancellation stop_;
  std::thread ticker_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<OperationView> MakeTerminalView(const ViewDeps& deps, const Screen& screen) {
  return std::make_unique<TerminalView>(deps, screen);
}

}  // namespace graft::cli
