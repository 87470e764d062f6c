// BackupDonor: a backup of the shard as a donor. Its files are restored beside the tablet's data,
// every hash compared, and a mysqld of its own serves them on this machine alone, so that CLONE
// copies them like any tablet's: nothing is dropped before that server has answered.
//
// Implementations: RestoredBackup (src/agent), FakeBackupDonor. Safe for use from several threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "graft/tablet.h"

namespace graft {

struct BackupDonorState {
  absl::Status failure;  // why neither goes on
  bool serves = false;   // at `address`
  HostPort address;
  std::string position;  // the backup's GTID set, which the server must have; empty until all is
                         // restored
  int64_t bytes_done = 0;
  int64_t bytes_expected = 0;  // as stored
};

class BackupDonor {
 public:
  virtual ~BackupDonor() = default;

  // The backup of that name; of an empty name the newest complete one that the agent's flags allow.
  // Its full name. NO_BACKUP: there is none, or no storage is named; the storage's errors.
  virtual absl::StatusOr<std::string> Choose(const std::string& name) = 0;

  // Begins to restore and to serve it, or goes on with it; what an earlier process has restored, or
  // serves, is taken as it is. `variables`: those of kVariablesOfDonor, of the recipient. Returns
  // at once.
  virtual void Begin(const std::string& backup,
                     const std::map<std::string, std::string>& variables) = 0;
  virtual BackupDonorState Look() = 0;
  // Where it is restored to; absolute.
  virtual std::string folder() const = 0;

  // Ends what Begin() has begun, and waits for that. What is whole, and a server, stay.
  virtual void Stop() = 0;
  // The same; the server is killed, and all that was made is removed. OK if there is nothing.
  virtual absl::Status Remove() = 0;
};

// Of the recipient, which CLONE wants to be the same, or without which no mysqld starts on the
// backup.
inline constexpr const char* kVariablesOfDonor[] = {"innodb_page_size", "innodb_data_file_path",
                                                    "character_set_server", "collation_server",
                                                    "lower_case_table_names"};

}  // namespace graft
