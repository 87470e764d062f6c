#include "cli/operation_view.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cli/render.h"
#include "cli/text.h"
#include "graft/cancellation.h"

namespace graft::cli {
namespace {

void Write(const std::vector<std::string>& lines, std::ostream& out) {
  for (const std::string& line : lines) out << line << '\n';
  out.flush();
}

class TerminalView : public OperationView {
 public:
  TerminalView(Clock& clock, std::ostream& out, const Screen& screen)
      : clock_(clock), out_(out), screen_(screen), ticker_([this] { Tick(); }) {}

  ~TerminalView() override { StopTicking(); }

  void Show(const v1::Operation& operation) override {
    absl::MutexLock lock(&mutex_);
    operation_ = operation;
    Draw();
  }

  void End(const v1::Operation& operation) override {
    Show(operation);
    StopTicking();
    Write(RenderVerdict(operation, clock_.Now()), out_);
  }

 private:
  // The lock is held while writing, since two drawings at once would mix; nobody waits for it but
  // the other one.
  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<std::string> lines = RenderLive(operation_, clock_.Now(), screen_.utf8);
    // What has scrolled off the screen cannot be redrawn.
    const size_t most = static_cast<size_t>(std::max(1, screen_.rows - 1));
    if (lines.size() > most) lines.resize(most);
    std::string text;
    if (drawn_ > 0) text = absl::StrCat("\x1b[", drawn_, "A");
    for (const std::string& line : lines) {
      absl::StrAppend(&text, "\r\x1b[2K", CutToWidth(line, screen_.columns - 1), "\n");
    }
    absl::StrAppend(&text, "\x1b[J");
    out_ << text;
    out_.flush();
    drawn_ = lines.size();
  }

  void Tick() {
    while (stop_.WaitFor(clock_, absl::Seconds(1)) != WaitEnd::kCancelled) {
      absl::MutexLock lock(&mutex_);
      if (drawn_ > 0) Draw();
    }
  }

  void StopTicking() {
    stop_.Cancel();
    if (ticker_.joinable()) ticker_.join();
  }

  Clock& clock_;
  std::ostream& out_;
  const Screen screen_;
  absl::Mutex mutex_;
  v1::Operation operation_ ABSL_GUARDED_BY(mutex_);
  size_t drawn_ ABSL_GUARDED_BY(mutex_) = 0;  // lines on the screen
  Cancellation stop_;
  std::thread ticker_;  // last: it uses all of the above
};

class PlainView : public OperationView {
 public:
  PlainView(Clock& clock, std::ostream& out) : clock_(clock), out_(out) {}

  void Show(const v1::Operation& operation) override {
    Write(RenderPlain(operation, clock_.Now(), state_), out_);
  }

  void End(const v1::Operation& operation) override {
    Write(RenderVerdict(operation, clock_.Now()), out_);
  }

 private:
  Clock& clock_;
  std::ostream& out_;
  PlainState state_;
};

class JsonView : public OperationView {
 public:
  explicit JsonView(std::ostream& out) : out_(out) {}
  void Show(const v1::Operation& operation) override {
    out_ << ToJsonLine(operation) << '\n';
    out_.flush();
  }
  void End(const v1::Operation& /*operation*/) override {}  // the last state has said it all

 private:
  std::ostream& out_;
};

}  // namespace

std::unique_ptr<OperationView> MakeTerminalView(Clock& clock, std::ostream& out,
                                                const Screen& screen) {
  return std::make_unique<TerminalView>(clock, out, screen);
}

std::unique_ptr<OperationView> MakePlainView(Clock& clock, std::ostream& out) {
  return std::make_unique<PlainView>(clock, out);
}

std::unique_ptr<OperationView> MakeJsonView(std::ostream& out) {
  return std::make_unique<JsonView>(out);
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  // Fails only for a timestamp out of range, which the agent cannot have meant.
  return status.ok() ? json : absl::StrCat("{\"error\": \"", message.GetTypeName(), "\"}");
}

}  // namespace graft::cli
