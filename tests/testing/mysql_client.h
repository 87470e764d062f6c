// SQL through MySQL's own command-line client and a socket, so that tests need no connector.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

using SqlRows = std::vector<std::vector<std::string>>;  // NULL is the text "NULL"

struct MysqlLogin {
  std::string socket;
  std::string host;  // instead of the socket, over TCP
  int port = 0;
  std::string user = "root";
  std::string password;
};

// The rows of all statements, one after the other. UNAVAILABLE: the client failed; the text has the
// server's error, "ERROR 1045 (28000) …".
absl::StatusOr<SqlRows> RunSql(const std::string& mysql_home, const MysqlLogin& login,
                               absl::string_view sql, absl::Duration timeout);

// Of what the client prints in batch mode. Pure.
SqlRows ParseBatchOutput(absl::string_view text);

}  // namespace graft
