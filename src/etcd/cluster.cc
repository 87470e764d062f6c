#include "etcd/cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"
#include "grpc/support/time.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace graft {
namespace {

// The deadline that comes after `duration`. On gRPC's monotonic clock, as graft's own are, and not
// on the wall clock, which may be set in between.
gpr_timespec DeadlineIn(absl::Duration duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_micros(absl::ToInt64Microseconds(duration), GPR_TIMESPAN));
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  const auto text = ReadFile(path);
  if (text.ok() && !text->empty()) return text;
  return absl::InvalidArgumentError(
      absl::StrCat("etcd TLS: cannot read ", path,
                   ": check that it exists, is not empty and is readable for this user"));
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const EtcdOptions& options) {
  if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
    return absl::InvalidArgumentError("etcd TLS: set both the certificate and the key, or neither");
  }
  if (options.tls_cert_file.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  GRAFT_ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadPem(options.tls_cert_file));
  GRAFT_ASSIGN_OR_RETURN(ssl.pem_private_key, ReadPem(options.tls_key_file));
  GRAFT_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPem(options.tls_ca_file));
  return grpc::SslCredentials(ssl);
}

grpc::ChannelArguments MakeArguments() {
  grpc::ChannelArguments arguments;
  // A dead peer is noticed by pings, but only while a call (a watch) is open. etcd tolerates one
  // ping in 5 s (--grpc-keepalive-min-time) and none without a call.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // gRPC's own backoff grows to two minutes; an etcd that is back should be found in seconds.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  // As etcd's own client: no HTTP proxy, no retries behind our back, no limit on a list's size.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  return arguments;
}

absl::StatusOr<std::string> ParseEndpoint(absl::string_view endpoint) {
  absl::string_view address = endpoint;
  if (!absl::ConsumePrefix(&address, "http://")) absl::ConsumePrefix(&address, "https://");
  absl::ConsumeSuffix(&address, "/");
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos || colon == 0 || colon + 1 == address.size() ||
      address.find_first_not_of("0123456789", colon + 1) != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("etcd endpoint \"", endpoint, "\": want host:port"));
  }
  return std::string(address);
}

// Waits until the channel is connected.
grpc::Status Connect(EtcdMember& member, gpr_timespec deadline) {
  member.EndBackoff();
  grpc::Channel& channel = *member.channel;
  grpc_connectivity_state state = channel.GetState(true);
  while (state != GRPC_CHANNEL_READY) {
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN) {
      return {grpc::UNAVAILABLE, "cannot connect"};
    }
    if (!channel.WaitForStateChange(state, deadline)) {
      return {grpc::DEADLINE_EXCEEDED, "no connection in time"};
    }
    state = channel.GetState(true);
  }
  return grpc::Status::OK;
}

// Rows are tried in order; the first whose code and text fit decides.
struct Row {
  grpc::StatusCode from;
  const char* text;  // part of etcd's; "": any
  absl::StatusCode to;
  const char* advice;
};

constexpr Row kRows[] = {
    {grpc::INVALID_ARGUMENT, "user name is empty", absl::StatusCode::kUnauthenticated,
     "this etcd wants a user; graft knows TLS client certificates only"},
    {grpc::OUT_OF_RANGE, "future revision", absl::StatusCode::kInvalidArgument,
     "the version was not read from this store"},
    {grpc::RESOURCE_EXHAUSTED, "database space exceeded", absl::StatusCode::kUnavailable,
     "compact and defragment etcd, then disarm its NOSPACE alarm"},
    {grpc::RESOURCE_EXHAUSTED, "", absl::StatusCode::kUnavailable, ""},
    {grpc::CANCELLED, "", absl::StatusCode::kUnavailable, ""},
    {grpc::UNIMPLEMENTED, "", absl::StatusCode::kUnavailable, "is this etcd 3.4 or later?"},
};

// "etcd at <address>: <what>: <etcd's text>", in the port's codes. OK stays OK.
absl::Status FromEtcd(const grpc::Status& status, absl::string_view address,
                      absl::string_view what) {
  if (status.ok()) return absl::OkStatus();
  std::string text =
      absl::StrCat("etcd at ", address, ": ", what, ": ",
                   status.error_message().empty() ? "no answer" : status.error_message());
  for (const Row& row : kRows) {
    if (row.from != status.error_code()) continue;
    if (!absl::StrContains(status.error_message(), row.text)) continue;
    if (*row.advice != '\0') absl::StrAppend(&text, " (", row.advice, ")");
    return absl::Status(row.to, text);
  }
  // gRPC and Abseil share their numbers.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), text);
}

// Whether a call that ended so surely changed nothing, so that a write may be sent elsewhere.
bool SurelyNotDone(const grpc::Status& status) {
  return absl::StrContains(status.error_message(), "etcdserver: no leader") ||
         absl::StartsWith(status.error_message(), "failed to connect");
}

bool WorthAnotherMember(const grpc::Status& status) {
  return status.error_code() == grpc::UNAVAILABLE || status.error_code() == grpc::DEADLINE_EXCEEDED;
}

}  // namespace

void EtcdMember::EndBackoff() {
  if (channel->GetState(true) != GRPC_CHANNEL_TRANSIENT_FAILURE) return;
  grpc::experimental::ChannelResetConnectionBackoff(channel.get());
  // gRPC moves a connection on only while somebody waits for it, or every 5 s.
  channel->WaitForStateChange(GRPC_CHANNEL_TRANSIENT_FAILURE, DeadlineIn(absl::Milliseconds(300)));
}

absl::StatusOr<std::unique_ptr<EtcdCluster>> EtcdCluster::Create(Clock& clock,
                                                                 const EtcdOptions& options) {
  if (options.endpoints.empty()) {
    return absl::InvalidArgumentError("etcd: no endpoint given, want at least one host:port");
  }
  if (options.call_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("etcd: the call timeout must be above zero");
  }
  GRAFT_ASSIGN_OR_RETURN(auto credentials, MakeCredentials(options));
  const grpc::ChannelArguments arguments = MakeArguments();
  std::vector<std::unique_ptr<EtcdMember>> members;
  for (const std::string& endpoint : options.endpoints) {
    GRAFT_ASSIGN_OR_RETURN(std::string address, ParseEndpoint(endpoint));
    auto channel = grpc::CreateCustomChannel(address, credentials, arguments);
    members.push_back(std::make_unique<EtcdMember>(std::move(address), std::move(channel)));
  }
  return std::unique_ptr<EtcdCluster>(
      new EtcdCluster(clock, std::move(members), options.call_timeout));
}

bool IsCompacted(const absl::Status& status) {
  return status.code() == absl::StatusCode::kOutOfRange &&
         absl::StrContains(status.message(), "required revision has been compacted");
}

Shares SharesOf(absl::Duration left, size_t members) {
  // A division of absl durations keeps their sign.
  const absl::Duration all = std::max(left, absl::ZeroDuration());
  return {all, all / static_cast<int64_t>(members)};
}

absl::Time EtcdCluster::Deadline() {
  absl::MutexLock lock(&mutex_);
  return std::min(clock_.Now() + timeout_, end_calls_by_);
}

EtcdCluster::Answer EtcdCluster::Ask(EtcdMember& member, Repeat repeat, const Shares& shares,
                                     const MemberCall& call) {
  const gpr_timespec share = DeadlineIn(shares.of_this_member);
  grpc::Status status = Connect(member, share);
  if (!status.ok()) return {status, /*sent=*/false};
  grpc::ClientContext context;
  // A call that must not be sent twice goes to one member alone, so that member may take all the
  // time.
  context.set_deadline(repeat == Repeat::kYes ? share : DeadlineIn(shares.left));
  return {call(member, context), /*sent=*/true};
}

absl::Status EtcdCluster::Call(Repeat repeat, absl::string_view what, const MemberCall& call) {
  const absl::Time deadline = Deadline();
  const size_t first = preferred();
  std::vector<std::string> failures;
  bool all_down = true;
  for (size_t i = 0; i < members_.size(); ++i) {
    EtcdMember& member = *members_[(first + i) % members_.size()];
    const Shares shares = SharesOf(deadline - clock_.Now(), members_.size() - i);
    if (shares.left == absl::ZeroDuration()) {
      failures.emplace_back("no time is left");
      all_down = false;
      break;
    }
    const auto [status, sent] = Ask(member, repeat, shares, call);
    if (!WorthAnotherMember(status)) {
      preferred_ = first + i;
      return FromEtcd(status, member.address, what);
    }
    if (sent && repeat == Repeat::kNo && !SurelyNotDone(status)) {
      preferred_ = first + i + 1;
      return absl::DeadlineExceededError(
          absl::StrCat("etcd at ", member.address, ": ", what, ": ", status.error_message(),
                       "; the write may have happened: read before writing it again"));
    }
    all_down = all_down && status.error_code() == grpc::UNAVAILABLE;
    failures.push_back(absl::StrCat(member.address, ": ", status.error_message()));
  }
  preferred_ = first + 1;
  return absl::Status(
      all_down ? absl::StatusCode::kUnavailable : absl::StatusCode::kDeadlineExceeded,
      absl::StrCat("etcd: ", what, ": no endpoint answers (", absl::StrJoin(failures, "; "),
                   "): check that etcd runs and the addresses are right"));
}

}  // namespace graft
