// A client of a mysqld that is connected, has said something, and now keeps still; gone when it is
// destroyed. Not safe for several threads.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "testing/mysql_sandbox.h"
#include "testing/process.h"
#include "testing/temp_folder.h"

namespace graft {

class IdleSession {
 public:
  // As `user` over the socket. The statements have been executed when it returns.
  static absl::StatusOr<std::unique_ptr<IdleSession>> Open(MysqlSandbox& server,
                                                           const std::string& user,
                                                           const std::string& sql);
  ~IdleSession();

  const std::string& connection_id() const { return connection_id_; }
  // Whether the server has ended it.
  bool AwaitEnded();

 private:
  IdleSession() = default;

  TempFolder folder_{"session"};
  std::string connection_id_;
  int input_ = -1;
  std::unique_ptr<Process> client_;
  MysqlSandbox* server_ = nullptr;
};

}  // namespace graft
