#include "mysql/replication.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "mysql/statements.h"
#include "mysql/survey_statements.h"
#include "mysql/tables.h"

namespace graft {
namespace {

constexpr absl::Duration kStopPatience = absl::Seconds(3);

absl::Status Stopping(absl::string_view what) {
  return WithReason(absl::UnavailableError(absl::StrCat(
                        "STOP REPLICA waits for the transaction that is being applied (", what,
                        "); it takes effect when that transaction is done")),
                    Reason::kReplicationStopping);
}

// OK if no STOP is pending. `channels`: as they are now.
absl::Status CheckNoStop(Session& session, std::vector<ReplicationChannel>* channels) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet sessions,
                         session.Query(kProcesslistStatement, "look for a pending STOP REPLICA"));
  const std::string stop = PendingStop(sessions);
  if (!stop.empty()) return Stopping(stop);
  GRAFT_ASSIGN_OR_RETURN(*channels, ReadChannels(session));
  for (const ReplicationChannel& channel : *channels) {
    if (channel.stopping) return Stopping(absl::StrCat("channel '", channel.name, "'"));
  }
  return absl::OkStatus();
}

// Waits until all channels, or the default one alone, have stopped. Uses a connection of its own,
// because a slow STOP keeps its connection. The threads, read after the STOP, show its end.
absl::Status Stop(SessionPool& pool, bool default_channel) {
  GRAFT_ASSIGN_OR_RETURN(
      const std::unique_ptr<Session> session,
      Session::Open(pool.clock(), pool.options(), kStopPatience, kStopPatience / 2));
  const std::string sql = ReplicaStatement(
      session->version(), default_channel ? "STOP REPLICA FOR CHANNEL ''" : "STOP REPLICA");
  std::vector<ReplicationChannel> channels;
  const auto runs = [default_channel](const ReplicationChannel& channel) {
    return channel.runs() && (!default_channel || channel.name.empty());
  };
  GRAFT_RETURN_IF_ERROR(CheckNoStop(*session, &channels));
  if (std::none_of(channels.begin(), channels.end(), runs)) return absl::OkStatus();
  const absl::Status status = session->Execute(sql, "stop replication");
  if (absl::IsDeadlineExceeded(status)) {
    return Stopping(absl::StrCat("for more than ", absl::FormatDuration(kStopPatience)));
  }
  GRAFT_RETURN_IF_ERROR(status);
  GRAFT_RETURN_IF_ERROR(CheckNoStop(*session, &channels));
  if (std::none_of(channels.begin(), channels.end(), runs)) return absl::OkStatus();
  return Stopping("a thread of it still runs");
}

absl::Status Forget(Session& session) {
  return session.Execute(ReplicaStatement(session.version(), "RESET REPLICA ALL"),
                         "forget replication");
}

// The default channel has stopped: a running one refuses CHANGE (3021).
absl::Status Follow(Session& session, const ReplicationSource& source) {
  GRAFT_ASSIGN_OR_RETURN(const std::string change,
                         ChangeSourceStatement(session.version(), source, Secrets::kReveal));
  GRAFT_ASSIGN_OR_RETURN(const std::string shown,
                         ChangeSourceStatement(session.version(), source, Secrets::kMask));
  absl::Status status = session.ExecuteSecret(change, shown, source.password);
  if (HasReason(status, Reason::kReplicationMetadata)) {
    // Remains of an earlier replication hinder the start (1871, 1872): drops them, and starts
    // again.
    GRAFT_RETURN_IF_ERROR(Forget(session));
    status = session.ExecuteSecret(change, shown, source.password);
  }
  GRAFT_RETURN_IF_ERROR(status);
  for (const ReplicationFilter& filter : source.filters) {
    GRAFT_RETURN_IF_ERROR(session.Execute(SetFilterStatement(filter), "set a replication filter"));
  }
  return session.Execute(ReplicaStatement(session.version(), "START REPLICA FOR CHANNEL ''"),
                         "start replication");
}

}  // namespace

absl::StatusOr<std::vector<ReplicationChannel>> ReadChannels(Session& session) {
  constexpr char kDoing[] = "read the replication status";
  GRAFT_ASSIGN_OR_RETURN(
      const RowSet rows,
      session.Query(ReplicaStatement(session.version(), "SHOW REPLICA STATUS"), kDoing));
  auto work = session.Query(kReplicationWorkStatement, kDoing);
  if (absl::IsPermissionDenied(work.status())) work = RowSet{};
  GRAFT_RETURN_IF_ERROR(work.status());
  return ReadReplicationRows(rows, *work);
}

absl::Status StopChannels(SessionPool& pool, bool forget) {
  GRAFT_RETURN_IF_ERROR(Stop(pool, /*default_channel=*/false));
  return forget ? pool.Run(Forget) : absl::OkStatus();
}

absl::Status DelayChannel(SessionPool& pool, absl::Duration delay) {
  GRAFT_RETURN_IF_ERROR(Stop(pool, /*default_channel=*/true));
  return pool.Run([delay](Session& session) -> absl::Status {
    const absl::Status changed =
        session.Execute(DelayStatement(session.version(), delay), "set SOURCE_DELAY");
    const absl::Status started = session.Execute(
        ReplicaStatement(session.version(), "START REPLICA FOR CHANNEL ''"), "start replication");
    return changed.ok() ? started : changed;
  });
}

absl::Status StartChannels(SessionPool& pool, const std::optional<ReplicationSource>& source) {
  if (source.has_value()) GRAFT_RETURN_IF_ERROR(Stop(pool, /*default_channel=*/true));
  return pool.Run([&source](Session& session) -> absl::Status {
    std::vector<ReplicationChannel> channels;
    GRAFT_RETURN_IF_ERROR(CheckNoStop(session, &channels));
    if (source.has_value()) return Follow(session, *source);
    return session.Execute(ReplicaStatement(session.version(), "START REPLICA"),
                           "start replication");
  });
}

}  // namespace graft
