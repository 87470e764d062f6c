// graftd: parses its flags, builds the agent, waits for a signal, stops.

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <thread>

#include "agent/agent.h"
#include "agent/options.h"
#include "log/log.h"

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// A gRPC connection, a file of the journal, a connection to MySQL: each is a descriptor. Far more
// than the agent uses.
constexpr rlim_t kEnoughDescriptors = 65536;

void RaiseDescriptorLimit() {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  const rlim_t raised = std::min(descriptors.rlim_max, kEnoughDescriptors);
  if (raised <= descriptors.rlim_cur) return;
  descriptors.rlim_cur = raised;
  setrlimit(RLIMIT_NOFILE, &descriptors);
}

int RunAgent(graft::Agent& agent, graft::Log& log, const sigset_t& signals) {
  graft::Cancellation interrupt;
  std::thread waiter([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    interrupt.Cancel();
  });
  const absl::Status started = agent.Start(interrupt);
  if (!started.ok()) {
    log.Error("cannot start", graft::StatusFields(started));
    if (!interrupt.cancelled()) pthread_kill(waiter.native_handle(), SIGTERM);
  }
  waiter.join();
  log.Info("stopping");
  agent.Stop();
  return started.ok() ? 0 : kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const graft::ParsedFlags parsed = graft::ParseFlags(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  const auto options = graft::CheckFlags(parsed.flags);
  if (!options.ok()) {
    std::cerr << options.status().message() << "\nSee graftd --help.\n";
    return kExitUsage;
  }
  // Before any thread is made, so that all of them leave these signals to the waiter.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();

  const auto log = graft::MakeLog(options->log);
  log->Info("graftd starts", graft::StartFields(parsed.given));
  auto agent = graft::MakeAgent(*options, *log);
  if (!agent.ok()) {
    log->Error("cannot start", graft::StatusFields(agent.status()));
    return kExitFailed;
  }
  return RunAgent(**agent, *log, signals);
}
