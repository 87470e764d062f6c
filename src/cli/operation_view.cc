// The view that writes one thing after another.
#include "cli/operation_view.h"

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

}  // namespace graft::cli
