#include "integration/idle_session.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"
#include "testing/eventually.h"

namespace graft {

absl::StatusOr<std::unique_ptr<IdleSession>> IdleSession::Open(MysqlSandbox& server,
                                                               const std::string& user,
                                                               const std::string& sql) {
  std::unique_ptr<IdleSession> session(new IdleSession());
  session->server_ = &server;
  ProcessOptions options;
  options.stdin_file = session->folder_.path() + "/input";
  options.stdout_file = session->folder_.path() + "/output";
  options.log_file = session->folder_.path() + "/errors";
  if (mkfifo(options.stdin_file.c_str(), 0600) != 0) return absl::InternalError("mkfifo");
  session->input_ = open(options.stdin_file.c_str(), O_RDWR | O_CLOEXEC);
  const std::string text = sql + "; SELECT 'connection', CONNECTION_ID();\n";
  if (write(session->input_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return absl::InternalError("cannot write to the client");
  }
  GRAFT_ASSIGN_OR_RETURN(session->client_,
                         Process::Start({server.mysql_home() + "/bin/mysql", "--no-defaults",
                                         "--batch", "--skip-column-names", "--unbuffered",
                                         "--user=" + user, "--socket=" + server.socket()},
                                        options));
  const auto connected = [&] {
    const std::string output = ReadFile(options.stdout_file).value_or("");
    const std::vector<std::string> lines = absl::StrSplit(output, '\n', absl::SkipEmpty());
    if (lines.empty() || !absl::EndsWith(output, "\n")) return false;
    absl::string_view last = lines.back();  // or a row of `sql`
    if (!absl::ConsumePrefix(&last, "connection\t")) return false;
    session->connection_id_ = std::string(last);
    return true;
  };
  if (Eventually(absl::Seconds(20), connected)) return session;
  return absl::UnavailableError(ReadFile(options.log_file).value_or("no session"));
}

IdleSession::~IdleSession() {
  client_.reset();
  if (input_ >= 0) close(input_);
}

bool IdleSession::AwaitEnded() {
  return Eventually(absl::Seconds(20), [this] {
    return server_
               ->SqlValue("SELECT COUNT(*) FROM performance_schema.processlist WHERE id = " +
                          connection_id_)
               .value_or("") == "0";
  });
}

}  // namespace graft
