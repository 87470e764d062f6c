// What the key-value store's contract test needs of each implementation, and a real etcd to run.
//
// Not safe for use from several threads; the stores handed out are.
#ifndef GRAFT_CONTRACT_KV_BACKENDS_H_
#define GRAFT_CONTRACT_KV_BACKENDS_H_

#include <sys/types.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"

namespace graft {

// A folder under the system's temporary one, removed with all that is in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Waits for `duration` of real time.
void PassRealTime(absl::Duration duration);
// Looks at `condition` every now and then for at most `limit`; returns whether it came true.
bool Eventually(const std::function<bool()>& condition, absl::Duration limit = absl::Seconds(20));

// A single-member etcd with a data folder of its own on free loopback ports, killed at the end.
class EtcdProcess {
 public:
  EtcdProcess();
  ~EtcdProcess();
  EtcdProcess(const EtcdProcess&) = delete;
  EtcdProcess& operator=(const EtcdProcess&) = delete;

  // Starts it (again, on the same data and ports) and waits until it answers.
  absl::Status Start();
  // Kills it and starts it on the same data, on the other of its two client ports.
  absl::Status StartElsewhere();
  // SIGSTOP, once it has taken effect, and SIGCONT.
  absl::Status Stop() const;
  void Continue() const;
  void Kill();
  // Runs etcdctl on it and waits for its end.
  absl::Status Ctl(const std::vector<std::string>& arguments) const;
  const std::string& endpoint() const { return endpoint_; }

 private:
  TempFolder folder_;
  std::string endpoint_;
  std::string other_endpoint_;
  std::string peer_;
  pid_t pid_ = -1;
};

// Starts a program; its output goes to the file `output`. Returns its process id.
absl::StatusOr<pid_t> StartProcess(const std::vector<std::string>& arguments,
                                   const std::string& output);

// A port of 127.0.0.1 that nobody listens on.
int FreePort();

// One implementation under test: two views of one and the same empty store.
class KvBackend {
 public:
  virtual ~KvBackend() = default;
  virtual KeyValueStore& first() = 0;
  virtual KeyValueStore& second() = 0;
  virtual void PassTime(absl::Duration duration) = 0;
};

std::unique_ptr<KvBackend> MakeFakeBackend();
std::unique_ptr<KvBackend> MakeFolderBackend();
std::unique_ptr<KvBackend> MakeEtcdBackend();

// Collects a watch's events and lets a test wait for them.
class EventLog {
 public:
  std::function<void(const KeyEvent&)> Callback();
  // The first `count` events as "put key=value" or "delete key", waited for; fewer after `limit`.
  std::vector<std::string> Wait(size_t count, absl::Duration limit = absl::Seconds(20));
  std::vector<KeyEvent> events() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<KeyEvent> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft

#endif  // GRAFT_CONTRACT_KV_BACKENDS_H_
