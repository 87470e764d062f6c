// graftctl: its command line as plain values, and from these to the exit code.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/backups.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "graft/operation_request.h"
#include "topo/vitess_topology.h"
#include "topo_open/topo_open.h"

namespace CLI {
class App;
}

namespace graft::cli {

enum class Command {
  kNone,
  kReprovision,
  kPreflight,
  kStatus,
  kHistory,
  kDescribe,
  kWatch,
  kCancel,
  kThrottle,
  kRelease,
  kTablets,
  kBackups,
  kTopoAddCell,
  kTopoShow,
  kTopoSetPrimary,
};

struct GraftctlFlags {
  Command command = Command::kNone;
  TopoOptions topo;
  std::string server;  // host:port of the agent; empty: as the topology says
  absl::Duration timeout = absl::Seconds(10);  // a minute for preflight and cancel
  OutputFormat output = OutputFormat::kTable;

  std::string alias;
  std::string operation_id;
  bool from_primary = false;
  std::string from_tablet;
  bool from_any = false;
  std::string from_backup;  // its name, or "newest"; empty: not from a backup
  std::string donors;
  std::string replicate_from;  // empty: the agent's own
  CloneSettings settings;
  Allowances allow;
  bool if_needed = false;
  bool even_if_dropped = false;
  ReleaseWord word;  // release; an empty `by` means who calls
  bool watch = false;
  bool cancel_on_interrupt = false;
  bool no_ask = false;  // tablets: the topology alone
  TabletFilter filter;
  Cell cell;
  std::string shard;                 // keyspace/shard; of reprovision: several of its tablets
  std::vector<std::string> aliases;  // reprovision with a shard: those to rebuild
  bool all = false;
  bool unhealthy = false;
  int max_unavailable = 1;
  bool yes = false;
  bool plan = false;
  bool stop = false;
  BackupCall backups;
};

// What CLI11 cannot say of reprovision's options; empty: nothing is wrong.
std::string FaultOfReprovision(const GraftctlFlags& flags);

// Fills `flags`. Returns true to go on; false when all is said (help, or an error on stderr), with
// the exit status in `exit_status`.
bool ParseGraftctlFlags(int argc, const char* const* argv, GraftctlFlags& flags, int& exit_status);

// The subcommand backups with its own.
void AddBackupCommands(CLI::App& app, GraftctlFlags& flags);

// Result on `out`, errors on `err`. Watching, it takes over the process's SIGINT, SIGTERM and
// SIGWINCH for as long as that lasts.
ExitCode RunGraftctl(const GraftctlFlags& flags, const Screen& screen, std::ostream& out,
                     std::ostream& err);

}  // namespace graft::cli
