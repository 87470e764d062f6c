// The subcommands that speak to an agent.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "cli/render_preflight.h"
#include "cli/render_tablets.h"

namespace graft::cli {
namespace {

void Write(const std::vector<std::string>& lines, std::ostream& out) {
  for (const std::string& line : lines) out << line << '\n';
}

std::unique_ptr<OperationView> MakeView(const Session& session) {
  if (session.json) return MakeJsonView(session.out);
  if (session.screen.terminal) return MakeTerminalView(session.clock, session.out, session.screen);
  return MakePlainView(session.clock, session.out);
}

void ShowAccepted(const Session& session, const v1::Operation& operation, const std::string& what) {
  if (session.json) {
    session.out << ToJsonLine(operation) << '\n';
  } else {
    session.out << "operation " << operation.id() << " of " << operation.recipient() << what
                << '\n';
  }
}

}  // namespace

Result WatchOperation(const Session& session, const Connect& connect, const std::string& id) {
  const std::unique_ptr<OperationView> view = MakeView(session);
  GRAFT_ASSIGN_OR_RETURN(
      const v1::Operation ended,
      WatchToEnd(session.clock, connect, id, session.timeout,
                 [&](const v1::Operation& operation) { view->Show(operation); }));
  view->End(ended);
  return ExitCodeOf(ended);
}

Result Reprovision(const Session& session, const Connect& connect,
                   const v1::ReprovisionRequest& request, bool watch) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation, agent->Reprovision(request));
  if (watch) return WatchOperation(session, connect, operation.id());
  ShowAccepted(session, operation, " accepted");
  return ExitCode::kDone;
}

Result ShowPreflight(const Session& session, const Connect& connect,
                     const v1::PreflightRequest& request) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::PreflightReport report, agent->Preflight(request));
  const ExitCode code = ExitCodeOf(report, request.allow().unchecked());
  if (session.json) {
    session.out << ToJsonLine(report) << '\n';
  } else {
    Write(RenderPreflight(report, code == ExitCode::kDone), session.out);
  }
  return code;
}

Result ShowStatus(const Session& session, const Connect& connect, const Tablet* record,
                  const std::string& id) {
  if (record != nullptr && !session.json) {
    Write(RenderTablets({*record}), session.out);
    session.out << '\n';
  }
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::GetTabletResponse tablet, agent->GetTablet());
  const absl::StatusOr<v1::Operation> operation = agent->GetOperation(id);
  // A tablet that was never rebuilt has a status too.
  const bool none = id.empty() && absl::IsNotFound(operation.status());
  if (!operation.ok() && !none) return operation.status();
  if (session.json) {
    session.out << "{\"record\":" << (record == nullptr ? "null" : TabletJson(*record))
                << ",\"tablet\":" << ToJsonLine(tablet)
                << ",\"operation\":" << (none ? "null" : ToJsonLine(*operation)) << "}\n";
    return ExitCode::kDone;
  }
  Write(RenderTablet(tablet), session.out);
  if (none) {
    session.out << "no operation yet\n";
    return ExitCode::kDone;
  }
  session.out << "\noperation " << operation->id() << '\n';
  const absl::Time now = session.clock.Now();
  Write(operation->outcome() == v1::RUNNING ? RenderLive(*operation, now, session.screen.utf8)
                                            : RenderVerdict(*operation, now),
        session.out);
  return ExitCode::kDone;
}

Result ShowOperations(const Session& session, const Connect& connect) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::ListOperationsResponse list, agent->ListOperations());
  if (session.json) {
    for (const v1::Operation& operation : list.operations()) {
      session.out << ToJsonLine(operation) << '\n';
    }
  } else {
    Write(RenderOperations(list, session.clock.Now()), session.out);
  }
  return ExitCode::kDone;
}

Result CancelOperation(const Session& session, const Connect& connect,
                       const v1::CancelOperationRequest& request) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  const absl::StatusOr<v1::Operation> granted = agent->CancelOperation(request);
  if (!granted.ok()) return granted.status();
  const absl::StatusOr<v1::Operation> ended = WatchToEnd(
      session.clock, connect, granted->id(), session.timeout,
      [](const v1::Operation& /*operation*/) {}, session.clock.Now() + session.timeout);
  if (!ended.ok()) return Annotate(ended.status(), "the cancel is granted");
  if (session.json) {
    session.out << ToJsonLine(*ended) << '\n';
  } else {
    Write(RenderCancelled(*ended, session.clock.Now()), session.out);
  }
  return ExitCodeOfCancelled(*ended);
}

Result ThrottleOperation(const Session& session, const Connect& connect,
                         const v1::ThrottleOperationRequest& request) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation, agent->ThrottleOperation(request));
  ShowAccepted(session, operation, absl::StrCat(": ", RenderBandwidths(request.settings())));
  return ExitCode::kDone;
}

}  // namespace graft::cli
