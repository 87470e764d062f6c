#include "cli/graftctl.h"

#include <limits.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/rebuild.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"

namespace graft::cli {
namespace {

absl::StatusOr<ReprovisionCall> MakeCall(const GraftctlFlags& flags) {
  ReprovisionCall call;
  call.id = flags.operation_id;
  if (flags.from_primary) call.donor = DonorChoice{DonorChoice::Kind::kPrimary, {}};
  if (flags.from_any) call.donor = DonorChoice{DonorChoice::Kind::kAny, {}};
  if (!flags.from_backup.empty()) {
    call.donor = DonorChoice{DonorChoice::Kind::kBackup, {}};
    if (flags.from_backup != "newest") call.donor->backup = flags.from_backup;
  }
  if (!flags.from_tablet.empty()) {
    call.donor = DonorChoice{DonorChoice::Kind::kTablet, {}};
    GRAFT_ASSIGN_OR_RETURN(call.donor->tablet, TabletAlias::Parse(flags.from_tablet));
  }
  if (!flags.donors.empty()) {
    const bool any = flags.from_any || (!flags.shard.empty() && !call.donor.has_value());
    if (!any) return absl::InvalidArgumentError("--donors goes with --from-any");
    if (!call.donor.has_value()) call.donor = DonorChoice{DonorChoice::Kind::kAny, {}};
    GRAFT_ASSIGN_OR_RETURN(call.donor->primary, ParseDonors(flags.donors));
  }
  if (!flags.replicate_from.empty()) {
    GRAFT_ASSIGN_OR_RETURN(call.replicate_from, ParseReplicateFrom(flags.replicate_from));
  }
  call.settings = flags.settings;
  call.allow = flags.allow;
  call.if_needed = flags.if_needed;
  return call;
}

v1::CancelOperationRequest MakeCancelRequest(const GraftctlFlags& flags) {
  v1::CancelOperationRequest request;
  request.set_id(flags.operation_id);
  request.set_even_if_dropped(flags.even_if_dropped);
  return request;
}

absl::StatusOr<v1::ThrottleOperationRequest> MakeThrottleRequest(const GraftctlFlags& flags) {
  if (flags.settings == CloneSettings()) {
    return absl::InvalidArgumentError(
        "nothing to change: give --max-data-bandwidth or --max-network-bandwidth");
  }
  v1::ThrottleOperationRequest request;
  request.set_id(flags.operation_id);
  *request.mutable_settings() = ToProto(flags.settings);
  return request;
}

// Of whoever calls, also through sudo.
std::string CallerName() {
  const char* user = getenv("SUDO_USER");
  const passwd* entry = user == nullptr ? getpwuid(geteuid()) : nullptr;
  if (entry != nullptr) user = entry->pw_name;
  char host[HOST_NAME_MAX + 1] = "";
  gethostname(host, sizeof(host) - 1);
  return absl::StrCat(user != nullptr ? std::string(user) : absl::StrCat("uid ", geteuid()), "@",
                      host);
}

v1::ReleaseRequest MakeReleaseRequest(const GraftctlFlags& flags) {
  ReleaseCall call = {flags.operation_id, flags.word};
  if (call.word.by.empty()) call.word.by = CallerName();
  return ToProto(call);
}

OnInterrupt OnInterruptOf(const GraftctlFlags& flags) {
  return flags.cancel_on_interrupt ? OnInterrupt::kCancel : OnInterrupt::kLeave;
}

Result RunAgentCommand(const GraftctlFlags& flags, const Session& session, const Connect& connect,
                       const Tablet* record) {
  switch (flags.command) {
    case Command::kReprovision: {
      GRAFT_ASSIGN_OR_RETURN(const ReprovisionCall call, MakeCall(flags));
      return flags.watch
                 ? ReprovisionAndWatch(session, connect, ToProto(call), OnInterruptOf(flags))
                 : Reprovision(session, connect, ToProto(call));
    }
    case Command::kPreflight: {
      GRAFT_ASSIGN_OR_RETURN(const ReprovisionCall call, MakeCall(flags));
      return ShowPreflight(session, connect, ToPreflightRequest(call));
    }
    case Command::kStatus:
      return ShowStatus(session, connect, record, flags.operation_id);
    case Command::kHistory:
      return ShowHistory(session, connect);
    case Command::kDescribe:
      return DescribeOperation(session, connect, flags.operation_id);
    case Command::kWatch:
      return WatchOperation(session, connect,
                            {flags.alias, flags.operation_id, OnInterruptOf(flags)});
    case Command::kCancel:
      return CancelOperation(session, connect, MakeCancelRequest(flags));
    case Command::kThrottle: {
      GRAFT_ASSIGN_OR_RETURN(const v1::ThrottleOperationRequest request,
                             MakeThrottleRequest(flags));
      return ThrottleOperation(session, connect, request);
    }
    case Command::kRelease:
      return flags.watch ? ReleaseAndWatch(session, connect, MakeReleaseRequest(flags))
                         : Release(session, connect, MakeReleaseRequest(flags));
    default:
      return absl::InternalError("no subcommand");
  }
}

Result RunTopoCommand(const GraftctlFlags& flags, const Session& session,
                      VitessTopology& topology) {
  switch (flags.command) {
    case Command::kTablets:
      return ShowTablets(session, topology, flags.filter, flags.no_ask ? nullptr : AskOneAgent);
    case Command::kTopoAddCell: {
      Cell cell = flags.cell;
      if (cell.server_address.empty()) cell.server_address = flags.topo.global_server_address;
      if (cell.root.empty()) cell.root = absl::StrCat("/vitess/", cell.name);
      return AddCell(session, topology, cell);
    }
    case Command::kTopoShow:
      return ShowTopology(session, topology);
    case Command::kTopoSetPrimary:
      return SetPrimary(session, topology, flags.shard, flags.alias);
    default:
      return absl::InternalError("no subcommand");
  }
}

bool IsTopoCommand(Command command) {
  return command == Command::kTablets || command == Command::kTopoAddCell ||
         command == Command::kTopoShow || command == Command::kTopoSetPrimary;
}

// At a terminal, whoever is there.
bool AskPerson(const std::string& question) {
  std::cout << question << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

absl::StatusOr<ShardRebuildCall> MakeShardCall(const GraftctlFlags& flags, bool terminal) {
  ShardRebuildCall call;
  GRAFT_ASSIGN_OR_RETURN(std::tie(call.keyspace, call.shard), SplitShard(flags.shard));
  for (const std::string& text : flags.aliases) {
    GRAFT_ASSIGN_OR_RETURN(const TabletAlias alias, TabletAlias::Parse(text));
    call.named.push_back(alias);
  }
  call.choice = flags.all            ? RebuildChoice::kAll
                : flags.unhealthy    ? RebuildChoice::kUnhealthy
                : call.named.empty() ? RebuildChoice::kNone
                                     : RebuildChoice::kNamed;
  GRAFT_ASSIGN_OR_RETURN(call.request, MakeCall(flags));
  if (!call.request.donor.has_value()) {
    call.request.donor = DonorChoice{DonorChoice::Kind::kAny, {}};
  }
  // Of a donor that is a member itself: nobody may follow it when its turn comes.
  if (!call.request.replicate_from.has_value()) {
    call.request.replicate_from = ReplicateFrom::kPrimary;
  }
  call.by = CallerName();
  call.max_unavailable = flags.max_unavailable;
  call.plan_only = flags.plan;
  call.stop = flags.stop;
  const bool person = terminal && flags.output == OutputFormat::kTable;
  call.watch = flags.watch || person;
  call.yes = flags.yes;
  if (person && isatty(STDIN_FILENO) == 1) call.confirm = AskPerson;
  return call;
}

absl::StatusOr<OpenedTopology> Open(const GraftctlFlags& flags, const Session& session) {
  TopoOptions topo = flags.topo;
  topo.make_folder = flags.command == Command::kTopoAddCell;
  return OpenTopology(session.clock, topo);
}

Result RunShardRebuild(const GraftctlFlags& flags, const Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const ShardRebuildCall call,
                         MakeShardCall(flags, session.screen.terminal));
  GRAFT_ASSIGN_OR_RETURN(const OpenedTopology opened, Open(flags, session));
  ShardRebuilds rebuilds(*opened.global, flags.topo.global_root, call.keyspace, call.shard);
  return RebuildShard(session, {*opened.topology, rebuilds, AskOneAgent, AskTimesOf}, call);
}

Result Run(const GraftctlFlags& flags, const Session& session) {
  if (flags.command == Command::kBackups) return RunBackups(session, flags.backups);
  if (flags.command == Command::kReprovision && !flags.shard.empty()) {
    return RunShardRebuild(flags, session);
  }
  if (IsTopoCommand(flags.command)) {
    GRAFT_ASSIGN_OR_RETURN(const OpenedTopology opened, Open(flags, session));
    return RunTopoCommand(flags, session, *opened.topology);
  }
  GRAFT_ASSIGN_OR_RETURN(const TabletAlias alias, TabletAlias::Parse(flags.alias));
  if (!flags.server.empty()) {
    const Connect connect = [&]() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
      return MakeAgentClient({flags.server, alias}, flags.timeout);
    };
    return RunAgentCommand(flags, session, connect, nullptr);
  }
  GRAFT_ASSIGN_OR_RETURN(const OpenedTopology opened, Open(flags, session));
  const Connect connect = [&]() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
    GRAFT_ASSIGN_OR_RETURN(const AgentPlace place, FindAgent(*opened.topology, alias));
    return MakeAgentClient(place, flags.timeout);
  };
  GRAFT_ASSIGN_OR_RETURN(const Tablet record, opened.topology->GetTablet(alias));
  return RunAgentCommand(flags, session, connect, &record);
}

}  // namespace

std::string FaultOfReprovision(const GraftctlFlags& flags) {
  const bool group = flags.all || flags.unhealthy;
  if (flags.shard.empty()) {
    return flags.aliases.size() == 1 ? "" : "name one tablet, or several with --shard";
  }
  if (!flags.server.empty()) return "--server is one tablet's agent; --shard needs the topology";
  if (group && !flags.aliases.empty()) return "name tablets, or give --all or --unhealthy";
  const bool chosen = group || !flags.aliases.empty();
  if (flags.stop && chosen) return "--stop stops all of the rebuild: name no tablets";
  if (flags.plan && !chosen) return "a plan is of tablets: name some, or give --all or --unhealthy";
  return "";
}

ExitCode RunGraftctl(const GraftctlFlags& flags, const Screen& screen, std::ostream& out,
                     std::ostream& err) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  const Result result =
      Run(flags, {*clock, out, err, screen, flags.output, flags.timeout, flags.server});
  if (result.ok()) return *result;
  const std::string reason = ReasonOf(result.status());
  err << "graftctl: " << absl::StatusCodeToString(result.status().code())
      << (reason.empty() ? "" : absl::StrCat(" (", reason, ")")) << ": "
      << result.status().message() << '\n';
  return ExitCodeOf(result.status());
}

}  // namespace graft::cli
