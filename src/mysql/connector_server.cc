#include "mysql/connector_server.h"

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "mysql/own_sessions.h"
#include "mysql/replication.h"
#include "mysql/server_survey.h"
#include "mysql/session.h"
#include "mysql/statements.h"
#include "mysql/tables.h"

namespace graft {
namespace {

absl::StatusOr<CloneReport> ReadReport(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet status,
                         session.Query(kCloneStatusStatement, "read clone_status"));
  GRAFT_ASSIGN_OR_RETURN(const RowSet progress,
                         session.Query(kCloneProgressStatement, "read clone_progress"));
  return ReadCloneTables(status, progress);
}

absl::Status SetSuperReadOnly(Session& session, const char* value) {
  GRAFT_ASSIGN_OR_RETURN(const std::string sql, SetVariableStatement({VariableChange::How::kGlobal,
                                                                      "super_read_only", value}));
  return session.Execute(sql, sql);
}

absl::Status Install(Session& session) {
  const absl::Status status =
      session.Execute(kInstallClonePluginStatement, kInstallClonePluginStatement);
  return HasReason(status, Reason::kPluginExists) ? absl::OkStatus() : status;
}

absl::Status CheckActive(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, ReadFacts(session));
  if (facts.clone_plugin_status == "ACTIVE") return absl::OkStatus();
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        "the clone plugin is installed, but ", facts.clone_plugin_status,
                        ": start mysqld without clone=OFF")),
                    Reason::kClonePluginMissing);
}

// Does `write` with super_read_only OFF, and turns it on again, also if `write` fails; read_only
// does not change. `lifted`: super_read_only was on and is off now.
absl::Status Write(Session& session, const std::function<absl::Status()>& write, bool* lifted) {
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, ReadFacts(session));
  if (facts.super_read_only) {
    const absl::Status off = SetSuperReadOnly(session, "OFF");
    *lifted = off.ok() || session.lost();  // it may have worked although its answer is lost
    GRAFT_RETURN_IF_ERROR(off);
  }
  const absl::Status status = write();
  if (!*lifted) return status;
  const absl::Status restored = SetSuperReadOnly(session, "ON");
  if (restored.ok()) *lifted = false;
  return status.ok() ? restored : status;
}

// The end of Write() if the session was lost in between, or the server refused to go back.
absl::Status Restore(const WithSession& with_session, bool lifted, absl::string_view after,
                     absl::Status status) {
  if (!lifted) return status;
  const absl::Status restored =
      with_session([](Session& session) { return SetSuperReadOnly(session, "ON"); });
  if (restored.ok()) return status;
  return Annotate(restored, absl::StrCat("super_read_only is still OFF after ", after));
}

// As MysqlServer::InstallClonePlugin. INSTALL PLUGIN writes to mysql.plugin, which super_read_only
// forbids (1290), and nothing to the binary log. FAILED_PRECONDITION with the reason
// CLONE_PLUGIN_MISSING: the server has no mysql_clone.so, or was started with clone=OFF.
absl::Status InstallClonePluginBy(const WithSession& with_session) {
  bool lifted = false;
  absl::Status status = with_session([&lifted](Session& session) -> absl::Status {
    GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, ReadFacts(session));
    if (facts.clone_plugin_status.empty()) {
      GRAFT_RETURN_IF_ERROR(Write(
          session, [&] { return Install(session); }, &lifted));
    }
    return CheckActive(session);
  });
  return Restore(with_session, lifted, "installing the clone plugin", std::move(status));
}

bool IsEnabled(const Row& event) {
  return event.Text({"enabled"}) == "1";
}

std::string NameOf(const Row& event) {
  return absl::StrCat(event.Text({"schema"}), ".", event.Text({"name"}));
}

absl::Status DisableEvent(Session& session, const Row& event) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> statements,
                         DisableEventStatements(session.version(), event));
  for (const std::string& sql : statements) {
    GRAFT_RETURN_IF_ERROR(session.Execute(sql, "disable an event"));
  }
  return absl::OkStatus();
}

// ALTER EVENT takes the event's sql_mode, time zone and character set from the session, and its
// definer from the statement.
absl::Status DisableEach(Session& session, const RowSet& events, DisabledEvents& done) {
  GRAFT_RETURN_IF_ERROR(session.Execute(kUnloggedStatement, "disable events"));
  for (const Row& event : Rows(events)) {
    if (!IsEnabled(event)) continue;
    const std::string name = NameOf(event);
    const absl::Status status = DisableEvent(session, event);
    if (session.lost()) return status;
    if (status.ok()) {
      done.names.push_back(name);
    } else {
      done.refused.push_back(absl::StrCat(name, " (", status.message(), ")"));
    }
  }
  return session.Execute(kUsualSessionStatement, "disable events");
}

// As MysqlServer::DisableEvents. super_read_only forbids ALTER EVENT (1290).
absl::StatusOr<DisabledEvents> DisableEventsBy(const WithSession& with_session) {
  bool lifted = false;
  DisabledEvents done;
  absl::Status status = with_session([&](Session& session) -> absl::Status {
    done = DisabledEvents();
    GRAFT_ASSIGN_OR_RETURN(const std::string account, CurrentAccount(session));
    GRAFT_ASSIGN_OR_RETURN(const RowSet grants, session.Query(kGrantsStatement, "read its grants"));
    GRAFT_RETURN_IF_ERROR(CheckPrivilege(ReadGrants(grants), "EVENT", account, "the events"));
    GRAFT_ASSIGN_OR_RETURN(const RowSet events, session.Query(kEventsStatement, "list the events"));
    bool any = false;
    for (const Row& event : Rows(events)) {
      any = any || IsEnabled(event);
      if (!IsEnabled(event)) done.names.push_back(NameOf(event));
    }
    if (!any) return absl::OkStatus();
    return Write(
        session, [&] { return DisableEach(session, events, done); }, &lifted);
  });
  GRAFT_RETURN_IF_ERROR(Restore(with_session, lifted, "disabling events", std::move(status)));
  return done;
}

class ConnectorServer : public MysqlServer {
 public:
  ConnectorServer(Clock& clock, const ConnectionOptions& options)
      : pool_(clock, options), hold_(clock, options) {}
  ~ConnectorServer() override {
    std::vector<std::shared_ptr<CloneSession>> clones;
    {
      absl::MutexLock lock(&mutex_);
      clones.swap(clones_);
    }
    for (const auto& clone : clones) clone->Abandon();
  }

  absl::StatusOr<ServerFacts> Describe() override { return pool_.Read(ReadFacts); }

  absl::StatusOr<std::vector<Variable>> ReadVariables(
      const std::vector<std::string>& names) override {
    GRAFT_ASSIGN_OR_RETURN(const std::string sql, ReadVariablesStatement(names));
    GRAFT_ASSIGN_OR_RETURN(const RowSet rows, pool_.Read([&sql](Session& session) {
      return session.Query(sql, "read variables");
    }));
    return OrderVariables(names, rows);
  }

  absl::Status SetVariables(const std::vector<VariableChange>& changes) override {
    std::vector<std::string> statements;
    for (const VariableChange& change : changes) {
      GRAFT_ASSIGN_OR_RETURN(std::string sql, SetVariableStatement(change));
      statements.push_back(std::move(sql));
    }
    return pool_.Run([&statements](Session& session) -> absl::Status {
      for (const std::string& sql : statements) GRAFT_RETURN_IF_ERROR(session.Execute(sql, sql));
      return absl::OkStatus();
    });
  }

  absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                     std::function<void(absl::Status)> on_end) override {
    GRAFT_ASSIGN_OR_RETURN(const std::string list, DonorListStatement(request.donor));
    GRAFT_RETURN_IF_ERROR(Execute(list));
    if (request.hold) hold_.Release();
    const auto is_own = [this](int64_t holder) { return IsCloning(holder); };
    GRAFT_ASSIGN_OR_RETURN(
        std::shared_ptr<CloneSession> clone,
        CloneSession::Start(pool_.options(), request, is_own, std::move(on_end)));
    const int64_t id = clone->connection_id();
    absl::MutexLock lock(&mutex_);
    clones_.erase(std::remove_if(clones_.begin(), clones_.end(),
                                 [](const auto& other) { return other->ended(); }),
                  clones_.end());
    clones_.push_back(std::move(clone));
    return id;
  }

  absl::StatusOr<CloneReport> ReadClone() override {
    // Whoever reads this waits for a copy, which ends with a restart that no session should hold
    // up.
    return pool_.Read(ReadReport, /*close=*/true);
  }

  absl::Status KillQuery(int64_t connection_id) override {
    return Execute(absl::StrCat("KILL QUERY ", connection_id));
  }

  absl::Status KillConnection(int64_t connection_id) override {
    return Execute(absl::StrCat("KILL CONNECTION ", connection_id));
  }

  absl::StatusOr<ServerSurvey> Survey(const std::string& agent_user) override {
    const auto with_more_time = [this](absl::Duration more, const auto& work) {
      return pool_.RunSlowly(pool_.options().read_timeout + more, work);
    };
    return TakeSurvey([this](const auto& work) { return pool_.Run(work); }, with_more_time,
                      agent_user);
  }

  absl::StatusOr<std::vector<ServerSession>> ReadSessions() override {
    // Closed for the reason that ReadClone() has: it is asked why a copy does not get on.
    return pool_.Read(ReadUserSessions, /*close=*/true);
  }

  absl::Status InstallClonePlugin() override {
    return InstallClonePluginBy([this](const auto& work) { return pool_.Run(work); });
  }

  absl::StatusOr<DisabledEvents> DisableEvents() override {
    return DisableEventsBy([this](const auto& work) { return pool_.Run(work); });
  }

  absl::StatusOr<std::vector<ReplicationChannel>> ReadReplication() override {
    return pool_.Read(ReadChannels);
  }

  absl::Status StopReplication(bool forget) override { return StopChannels(pool_, forget); }

  absl::Status StartReplication(const std::optional<ReplicationSource>& source) override {
    return StartChannels(pool_, source);
  }

  absl::Status DelayReplication(absl::Duration delay) override {
    return DelayChannel(pool_, delay);
  }

  absl::Status HoldServer(int64_t own_clone) override {
    return hold_.Take([&](int64_t holder) { return holder == own_clone || IsCloning(holder); });
  }

  void ReleaseServer() override { hold_.Release(); }

 private:
  absl::Status Execute(const std::string& sql) {
    return pool_.Run([&sql](Session& session) { return session.Execute(sql, sql); });
  }

  // It runs a CLONE that this object sent.
  bool IsCloning(int64_t connection_id) {
    absl::MutexLock lock(&mutex_);
    return std::any_of(clones_.begin(), clones_.end(), [connection_id](const auto& clone) {
      return clone->connection_id() == connection_id && !clone->ended();
    });
  }

  SessionPool pool_;
  ServerHold hold_;
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<CloneSession>> clones_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<MysqlServer> MakeConnectorServer(Clock& clock, ConnectionOptions options) {
  return std::make_unique<ConnectorServer>(clock, options);
}

}  // namespace graft
