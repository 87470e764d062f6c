// The view that writes one thing after another.
#include "cli/watch.h"

#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "cli/render.h"
#include "view/operation.h"

namespace graft::cli {
namespace {

// A connection that is made anew is no news.
constexpr absl::Duration kShortSilence = absl::Seconds(3);

// As plain lines or objects. Says on `err` what is not about the operation, so that `out` is its
// alone.
class StreamView : public OperationView {
 public:
  StreamView(const ViewDeps& deps, OutputFormat format) : deps_(deps), format_(format) {}

  void Show(const v1::Operation& operation) override {
    absl::MutexLock lock(&mutex_);
    if (silent_) deps_.err << "the agent answers again\n";
    silent_ = false;
    if (format_ != OutputFormat::kTable) {
      WriteObject(format_, ToJsonLine(operation), deps_.out);
      return;
    }
    time_.Heard(operation, deps_.clock.Now());
    // Of one that had ended before the watch began, the verdict says it all.
    shown_ = shown_ || operation.outcome() == v1::RUNNING;
    if (!shown_) return;
    WriteLines(RenderPlain(operation, time_.At(deps_.clock.Now()), state_), deps_.out);
  }

  void Silent(absl::Time since, const absl::Status& why) override {
    absl::MutexLock lock(&mutex_);
    const std::string text = SilenceText(deps_.clock.Now() - since, why);
    if (silent_ || text.empty()) return;
    silent_ = true;
    WriteLines({text}, deps_.err);
  }

  void Tell(const std::string& line) override {
    absl::MutexLock lock(&mutex_);
    WriteLines({line}, deps_.err);
  }

  void Resized() override {}

  void End(const v1::Operation& operation) override {
    absl::MutexLock lock(&mutex_);
    if (format_ != OutputFormat::kTable) return;  // the last state has said it all
    WriteLines(RenderVerdict(operation, deps_.clock.Now()), deps_.out);
  }

 private:
  const ViewDeps deps_;
  const OutputFormat format_;
  absl::Mutex mutex_;
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
  view::AgentTime time_ ABSL_GUARDED_BY(mutex_);
  PlainState state_ ABSL_GUARDED_BY(mutex_);
  bool shown_ ABSL_GUARDED_BY(mutex_) = false;
};

Tone ToneOf(const v1::Operation& operation) {
  return operation.outcome() == v1::DONE     ? Tone::kGood
         : operation.outcome() == v1::FAILED ? Tone::kBad
                                             : Tone::kNotice;
}

class TerminalView : public OperationView {
 public:
  TerminalView(const ViewDeps& deps, const Screen& screen)
      : deps_(deps), screen_(screen), drawing_(screen), ticker_([this] { Tick(); }) {}

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
    drawing_.Clear();
    std::vector<std::string> lines = RenderVerdict(operation, deps_.clock.Now());
    lines.front() = Toned(lines.front(), ToneOf(operation), screen_.colour);
    WriteLines(lines, deps_.out);
  }

 private:
  // The lock is held while writing, since two drawings at once would mix; nobody waits for it but
  // the other one.
  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    drawing_.Draw([this](const Layout& layout)
                      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return Lines(layout); });
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

  void Tick() {
    while (stop_.WaitFor(deps_.clock, absl::Seconds(1)) != WaitEnd::kCancelled) {
      absl::MutexLock lock(&mutex_);
      if (!drawing_.empty()) Draw();
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
  Drawing drawing_ ABSL_GUARDED_BY(mutex_);
  Cancellation stop_;
  std::thread ticker_;  // last: it uses all of the above
};

}  // namespace

std::string SilenceText(absl::Duration silence, const absl::Status& why) {
  if (silence < kShortSilence) return "";
  if (HasReason(why, Reason::kAgentStarting)) {
    return absl::StrCat("the agent is starting, asked again since ", HumanDuration(silence), ": ",
                        why.message());
  }
  return absl::StrCat("no contact with the agent for ", HumanDuration(silence),
                      ", trying again: ", why.message());
}

std::unique_ptr<OperationView> MakeStreamView(const ViewDeps& deps, OutputFormat format) {
  return std::make_unique<StreamView>(deps, format);
}

// The view that redraws in place.

std::unique_ptr<OperationView> MakeTerminalView(const ViewDeps& deps, const Screen& screen) {
  return std::make_unique<TerminalView>(deps, screen);
}

}  // namespace graft::cli
