#include "cli/agent_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "wire/metadata.h"
#include "wire/time_proto.h"

namespace graft::cli {
namespace {

constexpr int kLargestAnswerBytes = 16 * 1024 * 1024;

// The events of one stream, each awaited for a bounded time. No event may be under way when it
// dies.
class Stream {
 public:
  Stream(grpc::ClientContext& context, absl::Duration patience)
      : context_(context), patience_(patience) {}
  ~Stream() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  grpc::CompletionQueue* queue() { return &queue_; }
  bool silent() const { return silent_; }  // an event did not come in time, which ended the call

  // Whether what was begun went well.
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    const auto deadline = std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience_);
    if (queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::TIMEOUT) {
      silent_ = true;
      context_.TryCancel();
      queue_.Next(&tag, &ok);
    }
    return ok;
  }

 private:
  grpc::ClientContext& context_;
  const absl::Duration patience_;
  grpc::CompletionQueue queue_;
  bool silent_ = false;
};

class GrpcAgentClient : public AgentClient {
 public:
  GrpcAgentClient(AgentPlace place, absl::Duration timeout)
      : place_(std::move(place)), timeout_(timeout) {
    grpc::ChannelArguments arguments;
    // An agent that restarts is back within seconds; gRPC's own back-off grows to minutes.
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    // A connection that is dead is noticed while a watch still has patience. A live one is not
    // asked: the stream's heartbeat is more frequent.
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 3000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3000);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    // An older agent's list has no pages.
    arguments.SetMaxReceiveMessageSize(kLargestAnswerBytes);
    // Agents are reached directly, as Vitess's tools do it.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    stub_ = v1::Provisioner::NewStub(
        grpc::CreateCustomChannel(place_.address, grpc::InsecureChannelCredentials(), arguments));
  }

  absl::StatusOr<v1::Operation> Reprovision(const v1::ReprovisionRequest& request) override {
    GRAFT_RETURN_IF_ERROR(CheckTablet());
    return Call<v1::Operation>(&v1::Provisioner::Stub::Reprovision, request);
  }

  absl::StatusOr<v1::Operation> Release(const v1::ReleaseRequest& request) override {
    GRAFT_RETURN_IF_ERROR(CheckTablet());
    return Call<v1::Operation>(&v1::Provisioner::Stub::Release, request);
  }

  absl::StatusOr<v1::PreflightReport> Preflight(const v1::PreflightRequest& request) override {
    return Call<v1::PreflightReport>(&v1::Provisioner::Stub::Preflight, request);
  }

  absl::StatusOr<v1::Operation> GetOperation(const std::string& id) override {
    v1::GetOperationRequest request;
    request.set_id(id);
    return Call<v1::Operation>(&v1::Provisioner::Stub::GetOperation, request);
  }

  absl::StatusOr<v1::ListOperationsResponse> ListOperations(
      const v1::ListOperationsRequest& request) override {
    return Call<v1::ListOperationsResponse>(&v1::Provisioner::Stub::ListOperations, request);
  }

  absl::StatusOr<v1::Operation> CancelOperation(
      const v1::CancelOperationRequest& request) override {
    GRAFT_RETURN_IF_ERROR(CheckTablet());
    return Call<v1::Operation>(&v1::Provisioner::Stub::CancelOperation, request);
  }

  absl::StatusOr<v1::Operation> ThrottleOperation(
      const v1::ThrottleOperationRequest& request) override {
    GRAFT_RETURN_IF_ERROR(CheckTablet());
    return Call<v1::Operation>(&v1::Provisioner::Stub::ThrottleOperation, request);
  }

  absl::StatusOr<v1::GetTabletResponse> GetTablet() override {
    return Call<v1::GetTabletResponse>(&v1::Provisioner::Stub::GetTablet, v1::GetTabletRequest());
  }

  absl::Status WatchOperation(const v1::WatchOperationRequest& request, absl::Duration longest,
                              WatchStop& stop,
                              const std::function<void(const v1::Operation&)>& on_update) override {
    grpc::ClientContext context;
    NameTablet(context);
    if (longest < absl::InfiniteDuration()) SetDeadline(context, longest);
    const WatchStop::OnStop on_stop(stop, [&context] { context.TryCancel(); });
    Stream stream(context, timeout_);
    v1::Operation operation;
    grpc::Status status;
    const auto reader = stub_->AsyncWatchOperation(&context, request, stream.queue(), nullptr);
    bool more = stream.Await();
    while (more) {
      reader->Read(&operation, nullptr);
      more = stream.Await();
      if (more) on_update(operation);
    }
    reader->Finish(&status, nullptr);
    stream.Await();
    if (!stream.silent()) return ToStatus(status, context);
    return absl::DeadlineExceededError(absl::StrCat(
        "agent at ", place_.address, ": it has said nothing for ", HumanDuration(timeout_)));
  }

 private:
  template <typename Response, typename Method, typename Request>
  absl::StatusOr<Response> Call(Method method, const Request& request) {
    grpc::ClientContext context;
    NameTablet(context);
    SetDeadline(context, timeout_);
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return ToStatus(status, context);
    return response;
  }

  static void SetDeadline(grpc::ClientContext& context, absl::Duration longest) {
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(longest));
  }

  // Before what changes something: an older agent does not look at what NameTablet() says.
  absl::Status CheckTablet() {
    if (place_.tablet.empty()) return absl::OkStatus();
    GRAFT_ASSIGN_OR_RETURN(const v1::GetTabletResponse tablet, GetTablet());
    if (tablet.alias() == place_.tablet.ToString()) return absl::OkStatus();
    return Failure(Reason::kOtherTablet,
                   absl::StrCat("agent at ", place_.address, ": it is the agent of ",
                                tablet.alias(), ", not of ", place_.tablet.ToString()));
  }

  void NameTablet(grpc::ClientContext& context) const {
    if (!place_.tablet.empty()) context.AddMetadata(kTabletMetadata, place_.tablet.ToString());
  }

  absl::Status ToStatus(const grpc::Status& status, const grpc::ClientContext& context) const {
    if (status.ok()) return absl::OkStatus();
    const auto code = static_cast<absl::StatusCode>(status.error_code());
    const auto& trailer = context.GetServerTrailingMetadata();
    const auto found = trailer.find(kReasonMetadata);
    const absl::string_view reason =
        found == trailer.end() ? "" : absl::string_view(found->second.data(), found->second.size());
    // These may be gRPC's own and then speak of sockets, not of whom they meant.
    const bool speaks_of_sockets =
        code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded;
    const bool name_it = speaks_of_sockets || ParseReason(reason) == Reason::kOtherTablet;
    const absl::Status result(code, absl::StrCat(name_it ? "agent at " + place_.address + ": " : "",
                                                 InWords(status.error_message())));
    return reason.empty() ? result : WithReason(result, reason);
  }

  // Of gRPC's own texts those that an operator meets.
  static std::string InWords(const std::string& text) {
    if (absl::StrContains(text, "Connection refused")) {
      return "nobody listens there: start graftd beside the tablet's mysqld";
    }
    if (absl::StrContains(text, "http1.x server")) {
      return "that is an HTTP port: give the port of graftd's --grpc-port";
    }
    return text;
  }

  const AgentPlace place_;
  const absl::Duration timeout_;
  std::unique_ptr<v1::Provisioner::Stub> stub_;
};

absl::StatusOr<AgentAnswer> AskAgentOf(Clock& clock, const AskAgent& ask, const Tablet& tablet,
                                       absl::Time deadline) {
  GRAFT_ASSIGN_OR_RETURN(const AgentPlace place, AgentOf(tablet));
  const absl::Duration left = deadline - clock.Now();
  if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("not asked in time");
  return ask(place, left);
}

}  // namespace

std::unique_ptr<AgentClient> MakeAgentClient(const AgentPlace& place, absl::Duration timeout) {
  return std::make_unique<GrpcAgentClient>(place, timeout);
}

absl::StatusOr<AgentPlace> AgentOf(const Tablet& tablet) {
  const TabletAlias& alias = tablet.alias;
  if (tablet.shutdown_time != absl::InfinitePast()) {
    return absl::UnavailableError(absl::StrCat(
        "the agent of ", alias.ToString(), " was stopped at ",
        absl::FormatTime("%Y-%m-%d %H:%M:%SZ", tablet.shutdown_time, absl::UTCTimeZone()),
        ": start graftd there"));
  }
  const int port = tablet.Port("graft");
  if (tablet.hostname.empty() || port <= 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("tablet ", alias.ToString(), " has no graft agent: its record holds no ",
                     tablet.hostname.empty() ? "hostname" : "port \"graft\"",
                     "; start graftd beside its mysqld, or give --server host:port"));
  }
  return AgentPlace{HostPort{tablet.hostname, port}.ToString(), alias};
}

absl::StatusOr<AgentPlace> FindAgent(Topology& topology, const TabletAlias& alias) {
  GRAFT_ASSIGN_OR_RETURN(const Tablet tablet, topology.GetTablet(alias));
  return AgentOf(tablet);
}

absl::StatusOr<AgentAnswer> AskOneAgent(const AgentPlace& place, absl::Duration timeout) {
  const std::unique_ptr<AgentClient> agent = MakeAgentClient(place, timeout / 2);  // two calls
  AgentAnswer answer;
  GRAFT_ASSIGN_OR_RETURN(answer.tablet, agent->GetTablet());
  absl::StatusOr<v1::Operation> operation = agent->GetOperation("");
  if (absl::IsNotFound(operation.status())) return answer;
  if (!operation.ok()) return operation.status();
  answer.operation = *std::move(operation);
  return answer;
}

absl::StatusOr<std::vector<absl::Duration>> AskTimesOf(const AgentPlace& place,
                                                       absl::Duration timeout) {
  GRAFT_ASSIGN_OR_RETURN(const v1::ListOperationsResponse list,
                         MakeAgentClient(place, timeout)->ListOperations({}));
  std::vector<absl::Duration> times;
  for (const v1::Operation& operation : list.operations()) {
    if (operation.outcome() != v1::DONE || operation.kind() == v1::RELEASE) continue;
    times.push_back(FromTimestamp(operation.ended()) - FromTimestamp(operation.requested()));
  }
  return times;
}

std::vector<absl::StatusOr<AgentAnswer>> AskAgents(Clock& clock, const AskAgent& ask,
                                                   const std::vector<Tablet>& tablets,
                                                   absl::Time deadline) {
  std::vector<absl::StatusOr<AgentAnswer>> answers(tablets.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < tablets.size(); i = next++) {
      answers[i] = AskAgentOf(clock, ask, tablets[i], deadline);
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(kMostAskedAtOnce);
  const size_t count = std::min(tablets.size(), static_cast<size_t>(kMostAskedAtOnce));
  for (size_t i = 0; i < count; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return answers;
}

}  // namespace graft::cli
