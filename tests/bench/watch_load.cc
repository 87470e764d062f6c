#include "bench/watch_load.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"
#include "bench/agent_calls.h"
#include "bench/process_cost.h"
#include "bench/rebuild.h"
#include "graft/clock.h"
#include "testing/process.h"
#include "testing/temp_folder.h"
#include "testing/test_env.h"

namespace graft {
namespace {

constexpr absl::Duration kCopyPatience = absl::Minutes(10);
constexpr absl::Duration kSettle = absl::Seconds(3);  // after the watchers have come or gone
constexpr int64_t kMebibyte = int64_t{1} << 20;

// The watchers' process.
class WatchClients {
 public:
  static absl::StatusOr<std::unique_ptr<WatchClients>> Start(Clock& clock,
                                                             const std::string& address,
                                                             const std::string& operation,
                                                             int streams) {
    auto clients = std::make_unique<WatchClients>();
    GRAFT_ASSIGN_OR_RETURN(const std::string graftd, OurProgram("graftd"));
    // Beside this very program, not beside ours.
    const std::string program =
        graftd.substr(0, graftd.rfind("/bin/")) + "/tests/graft_bench_watchers";
    ProcessOptions options;
    options.stdout_file = clients->Output();
    GRAFT_ASSIGN_OR_RETURN(
        clients->process_,
        Process::Start({program, address, operation, absl::StrCat(streams)}, options));
    GRAFT_RETURN_IF_ERROR(Poll(clock, "the watchers", absl::Minutes(2), [&] {
      const auto text = ReadFile(clients->Output());
      return text.ok() && absl::StartsWith(*text, "ready");
    }));
    return clients;
  }

  // Ends them. How many messages they got since Start() returned.
  absl::StatusOr<int64_t> Stop() {
    process_->Kill(SIGTERM);
    GRAFT_RETURN_IF_ERROR(process_->Wait(absl::Seconds(30)).status());
    GRAFT_ASSIGN_OR_RETURN(const std::string text, ReadFile(Output()));
    int64_t messages = 0;
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      if (absl::ConsumePrefix(&line, "messages ") && absl::SimpleAtoi(line, &messages)) {
        return messages;
      }
    }
    return absl::InternalError("the watchers do not tell their messages: " + text);
  }

 private:
  std::string Output() const { return folder_.path() + "/out"; }

  const TempFolder folder_{"watch", TempFolder::OnFailure::kRemove};
  std::unique_ptr<Process> process_;
};

class WatchBench {
 public:
  WatchBench(Clock& clock, BenchShard& shard)
      : clock_(clock), shard_(shard), agent_(shard.agent_address()) {}

  absl::Status Begin(int64_t bandwidth_mib) {
    GRAFT_RETURN_IF_ERROR(
        shard_.recipient().Sql("SET GLOBAL clone_autotune_concurrency = OFF").status());
    v1::ReprovisionRequest request;
    request.mutable_donor()->set_primary(true);
    request.mutable_settings()->set_max_concurrency(1);
    request.mutable_settings()->set_max_data_bandwidth_mib(bandwidth_mib);
    GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation, agent_.Reprovision(request));
    id_ = operation.id();
    return Poll(clock_, "the copy", kCopyPatience, [this] { return InCopy(); });
  }

  absl::StatusOr<WatchCost> Measure(int watchers, absl::Duration window) {
    std::unique_ptr<WatchClients> clients;
    if (watchers > 0) {
      GRAFT_ASSIGN_OR_RETURN(clients,
                             WatchClients::Start(clock_, shard_.agent_address(), id_, watchers));
    }
    const absl::Time ready = clock_.Now();
    Cancellation never;
    never.WaitFor(clock_, kSettle);
    GRAFT_ASSIGN_OR_RETURN(const ProcessCost before, ReadCost(shard_.agent().pid()));
    const absl::Time begin = clock_.Now();
    never.WaitFor(clock_, window);
    GRAFT_ASSIGN_OR_RETURN(const ProcessCost after, ReadCost(shard_.agent().pid()));
    const absl::Time end = clock_.Now();
    GRAFT_ASSIGN_OR_RETURN(const bool in_copy, InCopy());
    if (!in_copy) return absl::AbortedError("the copy ended before it was looked at");
    WatchCost cost;
    cost.watchers = watchers;
    cost.cpu_percent = 100 * absl::FDivDuration(after.processor - before.processor, end - begin);
    cost.resident_mb = after.resident_mb;
    if (clients != nullptr) {
      GRAFT_ASSIGN_OR_RETURN(const int64_t messages, clients->Stop());
      cost.messages_per_second = static_cast<double>(messages) / absl::ToDoubleSeconds(end - ready);
    }
    return cost;
  }

  absl::Status Finish() {
    v1::ThrottleOperationRequest request;
    request.set_id(id_);
    request.mutable_settings()->set_max_data_bandwidth_mib(0);
    GRAFT_RETURN_IF_ERROR(agent_.Throttle(request));
    return agent_.Watch(id_, [](const v1::Operation&) {});
  }

 private:
  absl::StatusOr<bool> InCopy() {
    GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation, agent_.GetOperation(id_));
    if (operation.outcome() != v1::RUNNING) {
      return absl::AbortedError("the operation ended: " + operation.ShortDebugString());
    }
    return operation.step() == "clone" && operation.progress().stage() == "FILE COPY";
  }

  Clock& clock_;
  BenchShard& shard_;
  AgentCalls agent_;
  std::string id_;
};

}  // namespace

absl::StatusOr<std::vector<WatchCost>> MeasureWatchers(Clock& clock, BenchShard& shard,
                                                       int64_t size_bytes,
                                                       const std::vector<int>& watchers,
                                                       absl::Duration window, std::ostream& out) {
  // Twice the time that all windows take, since watchers come and go in between.
  const double seconds =
      2 * absl::ToDoubleSeconds(window + kSettle) * static_cast<double>(watchers.size() + 1);
  const auto bandwidth =
      static_cast<int64_t>(static_cast<double>(size_bytes / kMebibyte) / seconds);
  WatchBench bench(clock, shard);
  GRAFT_RETURN_IF_ERROR(bench.Begin(std::max<int64_t>(1, bandwidth)));
  std::vector<int> counts = {0};
  counts.insert(counts.end(), watchers.begin(), watchers.end());
  std::vector<WatchCost> costs;
  costs.reserve(counts.size());
  for (const int count : counts) {
    GRAFT_ASSIGN_OR_RETURN(const WatchCost cost, bench.Measure(count, window));
    out << absl::StrFormat("%d watchers: %.2f %% of a core, %.1f MB, %.0f messages/s", count,
                           cost.cpu_percent, cost.resident_mb, cost.messages_per_second)
        << std::endl;
    costs.push_back(cost);
  }
  GRAFT_RETURN_IF_ERROR(bench.Finish());
  return costs;
}

}  // namespace graft
