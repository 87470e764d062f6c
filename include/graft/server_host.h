// ServerHost: the machine that the recipient's mysqld runs on, as far as SQL does not show it.
// ServerStarter: starts that mysqld.
//
// Implementations: LocalServerHost (this machine's files and processes), FakeServerHost. Safe for
// use from several threads; keeps nothing open.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"

namespace graft {

struct HostFacts {
  int64_t free_bytes = 0;  // for mysqld's user, on the file system of the data directory
  std::vector<std::string> clone_leftovers;  // "*.#clone" files, relative to the data directory
  // A supervisor restarts mysqld on mysqld's request (MYSQLD_PARENT_PID); nullopt: not known.
  std::optional<bool> supervised;
  // Databases whose folder is a link to another place, with the number of data files (*.ibd) there.
  std::map<std::string, int64_t> linked_databases;
  // Files that INSTALL PLUGIN finds, "mysql_clone.so"; nullopt: the folder cannot be read here.
  std::optional<std::vector<std::string>> plugin_libraries;
  std::vector<std::string> not_looked_into{};  // folders of the data directory: no right to
};

// The progress of mysqld's start, as its error log shows it.
struct StartupSigns {
  bool starting = false;  // a new process has begun, and is not ready yet
  // Progress of the present batch of redo records; there may be several batches. nullopt: the
  // server applies no batch, or does not log it (log_error_verbosity below 3).
  std::optional<double> batch_percent;
  int batch = 0;          // 1 is the first
  int failed_starts = 0;  // since the server was last ready: mysqld ended by itself, with errors
  std::vector<std::string> errors;  // "[MY-010361] [Server] Fatal error: …" of the last start
  int starts = 0;                   // since the server was last ready
  int killed_starts = 0;  // of these, ended without a word; not the last one, unless `end` says so
  std::string end{};      // "exit code 1", of the last one that ended; empty: not known
  int process = 0;     // that is starting, and runs on this machine; 0: none, or it cannot be seen
  std::string work{};  // changes while this process uses the processor
  friend bool operator==(const StartupSigns& a, const StartupSigns& b) {
    return std::tie(a.starting, a.batch_percent, a.batch, a.starts, a.killed_starts,
                    a.failed_starts, a.errors, a.end, a.process, a.work) ==
           std::tie(b.starting, b.batch_percent, b.batch, b.starts, b.killed_starts,
                    b.failed_starts, b.errors, b.end, b.process, b.work);
  }
};

class ServerHost {
 public:
  virtual ~ServerHost() = default;

  // @@datadir, @@pid_file, @@plugin_dir. FAILED_PRECONDITION: there is no such data directory here,
  // so mysqld runs elsewhere; PERMISSION_DENIED: this user may not read it; UNAVAILABLE: the system
  // failed to.
  virtual absl::StatusOr<HostFacts> Look(const std::string& data_directory,
                                         const std::string& pid_file,
                                         const std::string& plugin_directory) = 0;

  // Those of `paths` where this machine has something, whatever it is. Codes as of Look().
  virtual absl::StatusOr<std::vector<std::string>> Existing(
      const std::vector<std::string>& paths) = 0;

  // A text that changes whenever a starting mysqld does something: sizes and times of its error log
  // and of the files it recovers. Codes as of Look().
  virtual absl::StatusOr<std::string> Activity(const std::string& data_directory,
                                               const std::string& error_log) = 0;

  // How many files the data directory and its folders hold now. Codes as of Look().
  virtual absl::StatusOr<int64_t> CountFiles(const std::string& data_directory) = 0;

  // From the end of the error log; nothing where the log is no file ("stderr"). Codes as of Look().
  virtual absl::StatusOr<StartupSigns> ReadStartup(const std::string& data_directory,
                                                   const std::string& error_log) = 0;
};

// Asks whoever runs mysqld to start it, and never waits for that. Used on one thread.
class ServerStarter {
 public:
  virtual ~ServerStarter() = default;

  // Asks, unless that is still under way. UNAVAILABLE: it cannot be done.
  virtual absl::Status Ask() = 0;

  // How the last Ask() ended; nullopt: it is under way. FAILED_PRECONDITION: without success;
  // UNAVAILABLE: nobody can say. OK is no proof that mysqld runs.
  virtual std::optional<absl::Status> End() = 0;
};

}  // namespace graft
