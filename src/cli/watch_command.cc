// Following an operation, and what an interrupt does meanwhile.
#include <signal.h>

#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "cli/commands.h"
#include "cli/screen.h"
#include "cli/watch.h"

namespace graft::cli {
namespace {

// A person sees five states a second; a file need not have them.
constexpr absl::Duration kTerminalInterval = absl::Milliseconds(200);
constexpr absl::Duration kFileInterval = absl::Seconds(1);

std::unique_ptr<OperationView> MakeView(const Session& session) {
  const ViewDeps deps = {session.clock, session.out, session.err};
  const bool draws = session.output == OutputFormat::kTable && session.screen.terminal;
  return draws ? MakeTerminalView(deps, session.screen) : MakeStreamView(deps, session.output);
}

// The command that watches it again.
std::string WatchAgain(const Session& session, const v1::Operation& operation) {
  return absl::StrCat("graftctl watch ", operation.recipient(), operation.id().empty() ? "" : " ",
                      operation.id(),
                      session.server.empty() ? "" : absl::StrCat(" --server ", session.server));
}

// One watch with its interrupts. Run() is called once.
class Watching {
 public:
  Watching(const Session& session, const Connect& connect, OnInterrupt on_interrupt)
      : session_(session),
        connect_(connect),
        on_interrupt_(on_interrupt),
        view_(MakeView(session)),
        interrupts_([this](Interrupts& interrupts, int signal) { OnSignal(interrupts, signal); }) {}

  ~Watching() {
    interrupts_.reset();
    if (canceller_.joinable()) canceller_.join();
  }

  // `known` is what is known of it already; its id may be empty.
  Result Run(const v1::Operation& known) {
    Remember(known);
    WatchOptions options;
    options.id = known.id();
    options.patience = session_.timeout;
    options.min_interval = session_.screen.terminal ? kTerminalInterval : kFileInterval;
    const absl::StatusOr<v1::Operation> ended = WatchToEnd(
        session_.clock, connect_, options,
        {[this](const v1::Operation& operation) {
           Remember(operation);
           view_->Show(operation);
         },
         [this](absl::Time since, const absl::Status& why) { view_->Silent(since, why); }},
        stop_);
    interrupts_.reset();
    if (canceller_.joinable()) canceller_.join();
    const int left_by = LeftBy();
    if (!ended.ok() && left_by != 0) return Leave(left_by);
    if (!ended.ok()) return ended.status();
    view_->End(*ended);
    return ExitCodeOf(*ended);
  }

 private:
  void OnSignal(Interrupts& interrupts, int signal) {
    if (signal == SIGWINCH) {
      view_->Resized();
      return;
    }
    {
      absl::MutexLock lock(&mutex_);
      if (signal == SIGINT && on_interrupt_ == OnInterrupt::kCancel && !asked_to_cancel_) {
        asked_to_cancel_ = true;
        canceller_ = std::thread([this] { Cancel(); });
        return;
      }
      left_by_ = signal;
    }
    // Should something hang, the next one need not be heard by us.
    interrupts.Release();
    stop_.Stop();
  }

  void Cancel() {
    const v1::Operation operation = Known();
    if (operation.id().empty()) {
      view_->Tell("not cancelled: the operation is not known yet; Ctrl-C again stops watching");
      return;
    }
    view_->Tell("asks for the cancel; Ctrl-C again stops watching");
    v1::CancelOperationRequest request;
    request.set_id(operation.id());
    absl::StatusOr<std::unique_ptr<AgentClient>> agent = connect_();
    const absl::Status granted =
        agent.ok() ? (*agent)->CancelOperation(request).status() : agent.status();
    if (granted.ok()) {
      view_->Tell("cancel granted; waiting for the operation to end (Ctrl-C again stops watching)");
      return;
    }
    view_->Tell(absl::StrCat("not cancelled: ", ReasonOrCode(granted), ": ", granted.message(),
                             "; the operation goes on; Ctrl-C again stops watching"));
  }

  Result Leave(int signal) {
    view_->Resized();  // over the ^C that the terminal has shown
    view_.reset();     // nothing is drawn over what follows
    const v1::Operation operation = Known();
    session_.err << "graftctl: interrupted: "
                 << (operation.id().empty() ? "the operation"
                                            : absl::StrCat("operation ", operation.id()))
                 << " of " << operation.recipient()
                 << " goes on without this watch\nlook again with: "
                 << WatchAgain(session_, operation) << '\n';
    return signal == SIGTERM ? ExitCode::kTerminated : ExitCode::kInterrupted;
  }

  void Remember(const v1::Operation& operation) {
    absl::MutexLock lock(&mutex_);
    known_.set_id(operation.id());
    known_.set_recipient(operation.recipient());
  }
  v1::Operation Known() {
    absl::MutexLock lock(&mutex_);
    return known_;
  }
  int LeftBy() {
    absl::MutexLock lock(&mutex_);
    return left_by_;
  }

  const Session& session_;
  const Connect& connect_;
  const OnInterrupt on_interrupt_;
  std::unique_ptr<OperationView> view_;
  WatchStop stop_;
  absl::Mutex mutex_;
  v1::Operation known_ ABSL_GUARDED_BY(mutex_);  // its id and its tablet
  bool asked_to_cancel_ ABSL_GUARDED_BY(mutex_) = false;
  int left_by_ ABSL_GUARDED_BY(mutex_) = 0;  // the signal
  std::thread canceller_;                    // made by the interrupts' thread
  std::optional<Interrupts> interrupts_;     // last: it uses all of the above
};

constexpr absl::Duration kAskAgainPause = absl::Milliseconds(250);

// An agent that has just started takes requests in a moment; at most `session.timeout` is waited.
absl::StatusOr<v1::Operation> AskOnceStarted(
    const Session& session, const Connect& connect,
    const std::function<absl::StatusOr<v1::Operation>(AgentClient&)>& ask) {
  const absl::Time deadline = session.clock.Now() + session.timeout;
  Cancellation pause;
  while (true) {
    GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
    absl::StatusOr<v1::Operation> operation = ask(*agent);
    if (!HasReason(operation.status(), Reason::kAgentStarting)) return operation;
    if (session.clock.Now() >= deadline) return operation;
    pause.WaitFor(session.clock, kAskAgainPause);
  }
}

}  // namespace

Result WatchOperation(const Session& session, const Connect& connect, const WatchCall& call) {
  v1::Operation known;
  known.set_recipient(call.alias);
  known.set_id(call.id);
  return Watching(session, connect, call.on_interrupt).Run(known);
}

Result ReprovisionAndWatch(const Session& session, const Connect& connect,
                           const v1::ReprovisionRequest& request, OnInterrupt on_interrupt) {
  GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation,
                         AskOnceStarted(session, connect, [&request](AgentClient& agent) {
                           return agent.Reprovision(request);
                         }));
  GRAFT_RETURN_IF_ERROR(CheckIfNeededIsKnown(request, operation));
  return Watching(session, connect, on_interrupt).Run(operation);
}

Result ReleaseAndWatch(const Session& session, const Connect& connect,
                       const v1::ReleaseRequest& request) {
  GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation,
                         AskOnceStarted(session, connect, [&request](AgentClient& agent) {
                           return agent.Release(request);
                         }));
  return Watching(session, connect, OnInterrupt::kLeave).Run(operation);
}

}  // namespace graft::cli
