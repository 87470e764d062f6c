// FakeServerHost: a machine with room and a supervised mysqld, until a test says otherwise. Safe
// for use from several threads.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "graft/server_host.h"

namespace graft {

class FakeServerHost : public ServerHost {
 public:
  FakeServerHost();

  absl::StatusOr<HostFacts> Look(const std::string& data_directory, const std::string& pid_file,
                                 const std::string& plugin_directory) override;
  absl::StatusOr<std::vector<std::string>> Existing(const std::vector<std::string>& paths) override;
  absl::StatusOr<std::string> Activity(const std::string& data_directory,
                                       const std::string& error_log) override;
  absl::StatusOr<int64_t> CountFiles(const std::string& data_directory) override;
  absl::StatusOr<StartupSigns> ReadStartup(const std::string& data_directory,
                                           const std::string& error_log) override;

  // Somebody's file or folder at this path.
  void Put(const std::string& path);
  void Edit(const std::function<void(HostFacts&)>& change);
  // The status of every call from now on; OK: the facts again.
  void Fail(absl::Status status);
  // Makes Activity() say something new at each call, as while mysqld recovers; or the same.
  void SetBusy(bool busy);
  // The error log's text about a start.
  void SetStartup(const StartupSigns& signs);
  // Makes CountFiles() say one more at each call, as while CLONE makes files; or the same.
  void SetMakesFiles(bool makes);
  // One sign of life: the next Activity() differs from the last.
  void Stir();

 private:
  absl::Mutex mutex_;
  HostFacts facts_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> paths_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  StartupSigns startup_ ABSL_GUARDED_BY(mutex_);
  bool makes_files_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t files_ ABSL_GUARDED_BY(mutex_) = 0;
  int activity_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace graft
