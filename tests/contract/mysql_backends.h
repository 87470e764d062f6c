// Servers the MysqlServer contract runs on: the fake, and two real mysqlds without a supervisor.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "graft/mysql_server.h"
#include "mysql/connector_server.h"
#include "mysql/session.h"
#include "testing/mysql_sandbox.h"
#include "testing/process.h"

namespace graft {

// A recipient that follows nobody and has one schema, "old"; and its donor, which has "shop".
class MysqlBackend {
 public:
  virtual ~MysqlBackend() = default;

  virtual MysqlServer& recipient() = 0;
  virtual MysqlServer& donor() = 0;
  // The recipient through an account that may do all but CLONE.
  virtual MysqlServer& without_clone_privilege() = 0;
  // The recipient through an account without any privilege.
  virtual MysqlServer& without_privileges() = 0;
  virtual CloneRequest Request() = 0;
  virtual ReplicationSource Source() = 0;
  // Makes the donor refuse the clone user's password, which Request() then has wrong.
  virtual CloneRequest WrongPassword() = 0;
  virtual CloneRequest DonorDown() = 0;
  // The id of another, idle connection to the recipient.
  virtual int64_t OtherSession() = 0;
  // The id of a connection of "app" to the recipient that idles in a transaction, in which it has
  // read a table of "old".
  virtual int64_t IdleTransaction() = 0;

  // Another agent's object for the recipient.
  virtual std::unique_ptr<MysqlServer> OtherAgent() = 0;
  // The donor's newest transaction; the recipient, which follows it, is at it for so long.
  virtual void SlowTransaction(absl::Duration duration) = 0;

  // Lets time pass until `condition` holds; false: it did not within a minute.
  virtual bool Await(const std::function<bool()>& condition) = 0;
  virtual void StopRecipient() = 0;
  virtual void AwaitRecipientEnd() = 0;
  virtual void StartRecipient(bool with_clone_plugin = true) = 0;
  virtual void StartRecipientWithoutPerformanceSchema() = 0;
  // The recipient runs as if its my.cnf did not load the clone plugin; and as it was before.
  virtual void RemoveClonePlugin() = 0;
  virtual void RestoreClonePlugin() = 0;
};

// The argument of on_end, safe across threads.
class End {
 public:
  std::function<void(absl::Status)> Callback() {
    return [state = state_](absl::Status status) {
      absl::MutexLock lock(&state->mutex);
      EXPECT_FALSE(state->status.has_value()) << "on_end was called twice";
      state->status = std::move(status);
    };
  }
  bool came() const {
    absl::MutexLock lock(&state_->mutex);
    return state_->status.has_value();
  }
  absl::Status status() const {
    absl::MutexLock lock(&state_->mutex);
    return state_->status.value_or(absl::UnknownError("on_end was not called"));
  }

 private:
  struct State {
    absl::Mutex mutex;
    std::optional<absl::Status> status;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// KILL QUERY of a CLONE. 9.7.4 now and then does not answer it (1 of about 100); another one does.
void KillClone(MysqlServer& server, int64_t connection_id);

// One mysqld, started and stopped by the test itself, on a directory that graft-mysqld has made.
class BareMysqld {
 public:
  BareMysqld();
  ~BareMysqld();

  const MysqlSandbox& sandbox() const { return *sandbox_; }
  std::string Sql(const std::string& sql);  // the first cell; a failure fails the test
  void Start(const std::vector<std::string>& arguments = {});
  void Stop();
  void AwaitEnd();
  Process& process() { return *process_; }
  ConnectionOptions Socket(const std::string& user, const std::string& password = "") const;
  ConnectionOptions Tcp(const std::string& user, const std::string& password) const;

 private:
  std::unique_ptr<MysqlSandbox> sandbox_;
  std::unique_ptr<Process> process_;
};

// Shared by the tests of this program, since a real pair takes seconds to make; both are as at the
// beginning again when this returns.
MysqlBackend& RealBackend();
BareMysqld& RealRecipient();
BareMysqld& RealDonor();
// A session with the recipient that stays until RealBackend() is called again; "app" or "vt_dba".
Session& HoldSession(const std::string& user);
// Ends the processes; before the program does.
void EndRealBackend();

std::unique_ptr<MysqlBackend> MakeFakeBackend();

}  // namespace graft
