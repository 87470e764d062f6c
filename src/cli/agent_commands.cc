// The subcommands that speak to an agent.
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "view/operation.h"
#include "wire/fields.h"
#include "wire/operation_proto.h"

namespace graft::cli {
namespace {

constexpr int kPage = 100;  // as many as an agent gives at once

// As an object, or as `lines`.
void Show(const Session& session, const google::protobuf::Message& message,
          const std::function<std::vector<std::string>()>& lines) {
  if (session.output == OutputFormat::kTable) {
    WriteLines(lines(), session.out);
  } else {
    WriteObject(session.output, ToJsonLine(message), session.out);
  }
}

void ShowAccepted(const Session& session, const v1::Operation& operation, const std::string& what) {
  Show(session, operation, [&] {
    return std::vector<std::string>{
        absl::StrCat("operation ", operation.id(), " of ", operation.recipient(), what)};
  });
}

absl::Time AgentNow(const Session& session, const v1::Operation& operation) {
  view::AgentTime time;
  time.Heard(operation, session.clock.Now());
  return time.At(session.clock.Now());
}

// What runs as it stands now, or else its verdict.
std::vector<std::string> RenderNow(const Session& session, const v1::Operation& operation) {
  const absl::Time now = AgentNow(session, operation);
  if (operation.outcome() != v1::RUNNING) return RenderVerdict(operation, now);
  Layout layout;
  layout.utf8 = session.screen.utf8;
  std::vector<std::string> lines;
  for (const Line& line : RenderLive(operation, now, layout)) {
    lines.push_back(ToText(line, layout.columns, session.screen.colour));
  }
  return lines;
}

// An id that is not known: where the known ones are.
absl::StatusOr<v1::Operation> GetOperation(AgentClient& agent, const std::string& id) {
  absl::StatusOr<v1::Operation> operation = agent.GetOperation(id);
  if (id.empty() || !absl::IsNotFound(operation.status())) return operation;
  return absl::NotFoundError(
      absl::StrCat(operation.status().message(), "; graftctl history ALIAS lists them"));
}

// Page after page.
absl::StatusOr<v1::ListOperationsResponse> ListAll(AgentClient& agent) {
  v1::ListOperationsResponse all;
  v1::ListOperationsRequest request;
  request.set_limit(kPage);
  while (true) {
    GRAFT_ASSIGN_OR_RETURN(v1::ListOperationsResponse page, agent.ListOperations(request));
    for (v1::Operation& operation : *page.mutable_operations()) {
      *all.add_operations() = std::move(operation);
    }
    if (!page.more() || page.operations().empty()) return all;
    request.set_before_id(all.operations(all.operations_size() - 1).id());
  }
}

}  // namespace

absl::Status CheckIfNeededIsKnown(const v1::ReprovisionRequest& request,
                                  const v1::Operation& operation) {
  if (!request.if_needed() || operation.if_needed()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the agent of ", operation.recipient(),
      " is older than --if-needed, and began "
      "an ordinary copy, operation ",
      operation.id(), ": graftctl cancel ", operation.recipient(), " ends it; upgrade the agent"));
}

Result Reprovision(const Session& session, const Connect& connect,
                   const v1::ReprovisionRequest& request) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation, agent->Reprovision(request));
  GRAFT_RETURN_IF_ERROR(CheckIfNeededIsKnown(request, operation));
  ShowAccepted(session, operation, " accepted; graftctl watch shows how far it is");
  return ExitCode::kDone;
}

Result Release(const Session& session, const Connect& connect, const v1::ReleaseRequest& request) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation, agent->Release(request));
  ShowAccepted(session, operation, absl::StrCat(" accepted: ", view::WhoReleases(operation)));
  return ExitCode::kDone;
}

Result ShowPreflight(const Session& session, const Connect& connect,
                     const v1::PreflightRequest& request) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::PreflightReport report, agent->Preflight(request));
  GRAFT_ASSIGN_OR_RETURN(const auto allow, FromMessage<Allowances>(request.allow()));
  const ExitCode code = ExitCodeOf(report, allow);
  Show(session, report, [&] { return RenderPreflight(report, code == ExitCode::kDone); });
  return code;
}

Result ShowStatus(const Session& session, const Connect& connect, const Tablet* record,
                  const std::string& id) {
  const bool as_objects = session.output != OutputFormat::kTable;
  if (record != nullptr && !as_objects) {
    WriteLines(RenderTablets({*record}), session.out);
    session.out << '\n';
  }
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::GetTabletResponse tablet, agent->GetTablet());
  const absl::StatusOr<v1::Operation> operation = GetOperation(*agent, id);
  // A tablet that was never rebuilt has a status too.
  const bool none = id.empty() && absl::IsNotFound(operation.status());
  if (!operation.ok() && !none) return operation.status();
  if (as_objects) {
    WriteObject(session.output,
                absl::StrCat("{\"record\":", record == nullptr ? "null" : TabletJson(*record),
                             ",\"tablet\":", ToJsonLine(tablet),
                             ",\"operation\":", none ? "null" : ToJsonLine(*operation), "}"),
                session.out);
    return ExitCode::kDone;
  }
  WriteLines(RenderTablet(tablet), session.out);
  if (none) {
    session.out << "no operation yet\n";
    return ExitCode::kDone;
  }
  session.out << "\noperation " << operation->id() << '\n';
  WriteLines(RenderNow(session, *operation), session.out);
  return ExitCode::kDone;
}

Result ShowHistory(const Session& session, const Connect& connect) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::ListOperationsResponse list, ListAll(*agent));
  if (session.output == OutputFormat::kTable) {
    WriteLines(RenderOperations(list, session.clock.Now()), session.out);
    return ExitCode::kDone;
  }
  for (const v1::Operation& operation : list.operations()) {
    WriteObject(session.output, ToJsonLine(operation), session.out);
  }
  return ExitCode::kDone;
}

Result DescribeOperation(const Session& session, const Connect& connect, const std::string& id) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::Operation operation, GetOperation(*agent, id));
  Show(session, operation,
       [&] { return RenderDescription(operation, AgentNow(session, operation)); });
  return ExitCode::kDone;
}

Result CancelOperation(const Session& session, const Connect& connect,
                       const v1::CancelOperationRequest& request) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<AgentClient> agent, connect());
  GRAFT_ASSIGN_OR_RETURN(const v1::Operation granted, agent->CancelOperation(request));
  WatchOptions options;
  options.id = granted.id();
  options.patience = session.timeout;
  options.deadline = session.clock.Now() + session.timeout;
  WatchStop never;
  const absl::StatusOr<v1::Operation> ended = WatchToEnd(
      session.clock, connect, options, {[](const v1::Operation& /*operation*/) {}, nullptr}, never);
  if (!ended.ok()) return Annotate(ended.status(), "the cancel is granted");
  Show(session, *ended, [&] { return RenderCancelled(*ended, session.clock.Now()); });
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
