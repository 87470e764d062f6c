#include "cli/graftctl.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/find_agent.h"
#include "cli/text.h"
#include "topo_open/topo_open.h"

namespace graft::cli {
namespace {

absl::StatusOr<v1::ReprovisionRequest> MakeRequest(const GraftctlFlags& flags) {
  v1::ReprovisionRequest request;
  request.set_id(flags.operation_id);
  if (flags.from_primary) request.mutable_donor()->set_primary(true);
  if (!flags.from_tablet.empty()) {
    GRAFT_ASSIGN_OR_RETURN(const TabletAlias donor, TabletAlias::Parse(flags.from_tablet));
    request.mutable_donor()->set_tablet(donor.ToString());
  }
  if (flags.replicate_from == "donor") request.set_replicate_from(v1::REPLICATE_FROM_DONOR);
  if (flags.replicate_from == "primary") request.set_replicate_from(v1::REPLICATE_FROM_PRIMARY);
  return request;
}

Result RunAgentCommand(const GraftctlFlags& flags, const Session& session, const Connect& connect,
                       const Tablet* record) {
  switch (flags.command) {
    case Command::kReprovision: {
      GRAFT_ASSIGN_OR_RETURN(const v1::ReprovisionRequest request, MakeRequest(flags));
      return Reprovision(session, connect, request, flags.watch);
    }
    case Command::kStatus:
      return ShowStatus(session, connect, record, flags.operation_id);
    case Command::kOperations:
      return ShowOperations(session, connect);
    case Command::kWatch:
      return WatchOperation(session, connect, flags.operation_id);
    case Command::kCancel:
      return CancelOperation(session, connect, flags.operation_id);
    default:
      return absl::InternalError("no subcommand");
  }
}

Result RunTopoCommand(const GraftctlFlags& flags, const Session& session,
                      VitessTopology& topology) {
  switch (flags.command) {
    case Command::kTablets:
      return ShowTablets(session, topology, flags.filter);
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

Result Run(const GraftctlFlags& flags, const Session& session) {
  if (IsTopoCommand(flags.command)) {
    GRAFT_ASSIGN_OR_RETURN(const OpenedTopology opened, OpenTopology(session.clock, flags.topo));
    return RunTopoCommand(flags, session, *opened.topology);
  }
  GRAFT_ASSIGN_OR_RETURN(const TabletAlias alias, TabletAlias::Parse(flags.alias));
  if (!flags.server.empty()) {
    const Connect connect = [&]() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
      return MakeAgentClient(flags.server, flags.timeout);
    };
    return RunAgentCommand(flags, session, connect, nullptr);
  }
  GRAFT_ASSIGN_OR_RETURN(const OpenedTopology opened, OpenTopology(session.clock, flags.topo));
  const Connect connect = [&]() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
    GRAFT_ASSIGN_OR_RETURN(const std::string address, FindAgent(*opened.topology, alias));
    return MakeAgentClient(address, flags.timeout);
  };
  GRAFT_ASSIGN_OR_RETURN(const Tablet record, opened.topology->GetTablet(alias));
  return RunAgentCommand(flags, session, connect, &record);
}

}  // namespace

ExitCode RunGraftctl(const GraftctlFlags& flags, const Screen& screen, std::ostream& out,
                     std::ostream& err) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  const Result result = Run(flags, Session{*clock, out, screen, flags.json, flags.timeout});
  if (result.ok()) return *result;
  const std::string reason = ReasonOf(result.status());
  err << "graftctl: " << absl::StatusCodeToString(result.status().code())
      << (reason.empty() ? "" : absl::StrCat(" (", reason, ")")) << ": "
      << result.status().message() << '\n';
  return ExitCodeOf(result.status());
}

Screen LookAtScreen() {
  Screen screen;
  screen.utf8 = LocaleIsUtf8();
  winsize size = {};
  screen.terminal = isatty(STDOUT_FILENO) == 1;
  if (screen.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    screen.columns = size.ws_col;
    screen.rows = size.ws_row;
  }
  return screen;
}

}  // namespace graft::cli
