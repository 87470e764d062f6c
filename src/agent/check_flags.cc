#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "agent/credentials.h"
#include "agent/hostname.h"
#include "agent/options.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "topo/records.h"

namespace graft {
namespace {

// Collects faults, so that all of them are reported at once.
class Faults {
 public:
  void Add(absl::string_view text) { texts_.emplace_back(text); }

  template <typename T>
  void Take(absl::string_view flag, absl::StatusOr<T> value, T& target) {
    if (value.ok()) {
      target = *std::move(value);
    } else {
      Add(absl::StrCat(flag, ": ", value.status().message()));
    }
  }

  absl::Status ToStatus() const {
    if (texts_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(texts_, "\n"));
  }

 private:
  std::vector<std::string> texts_;
};

absl::StatusOr<TabletType> ParseInitType(const std::string& name) {
  GRAFT_ASSIGN_OR_RETURN(const TabletType type, ParseTabletType(name));
  if (type == TabletType::kReplica || type == TabletType::kRdonly ||
      type == TabletType::kExperimental || type == TabletType::kSpare) {
    return type;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name,
                   "\" is no type to start with; replica, rdonly, experimental or "
                   "spare"));
}

// $VTDATAROOT/vt_<uid>, as Vitess has it; graft-mysqld's data directory of the same tablet.
std::string DefaultTabletDir(const TabletAlias& alias) {
  const char* root = std::getenv("VTDATAROOT");
  return absl::StrFormat("%s/vt_%010d", root != nullptr ? root : "/vt/vtdataroot", alias.uid);
}

void CheckTablet(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  if (flags.tablet_path.empty()) {
    faults.Add("--tablet-path is missing; the tablet's alias, e.g. zone1-0000000101");
  } else {
    faults.Take("--tablet-path", TabletAlias::Parse(flags.tablet_path), options.alias);
  }
  if (flags.init_keyspace.empty()) {
    faults.Add("--init-keyspace is missing");
  } else if (const absl::Status valid = topo::ValidateKeyspaceName(flags.init_keyspace);
             !valid.ok()) {
    faults.Add(absl::StrCat("--init-keyspace: ", valid.message()));
  }
  options.keyspace = flags.init_keyspace;
  if (flags.init_shard.empty()) {
    faults.Add("--init-shard is missing; \"0\" for an unsharded keyspace");
  } else {
    const absl::StatusOr<topo::ShardName> shard = topo::ParseShardName(flags.init_shard);
    if (shard.ok()) {
      options.shard = shard->text;
    } else {
      faults.Add(absl::StrCat("--init-shard: ", shard.status().message()));
    }
  }
  faults.Take("--init-tablet-type", ParseInitType(flags.init_tablet_type), options.init_type);
  faults.Take("--init-timeout", ParseDuration(flags.init_timeout), options.init_timeout);
  options.hostname =
      flags.tablet_hostname.empty() ? FullyQualifiedHostname() : flags.tablet_hostname;
  options.bind_address = flags.bind_address;
  options.grpc_port = flags.grpc_port;
  if (flags.grpc_port < 0 || flags.grpc_port > 65535) faults.Add("--grpc-port: not a port");
  options.state_dir = flags.state_dir.empty()
                          ? absl::StrCat(DefaultTabletDir(options.alias), "/graft")
                          : flags.state_dir;
}

void CheckMysql(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  options.mysql_socket = flags.db_socket;
  options.mysql_address = {flags.db_host, flags.db_port};
  options.mysql_ssl_ca = flags.db_ssl_ca;
  if (flags.db_port < 0 || flags.db_port > 65535) faults.Add("--db-port: not a port");
  if (!flags.db_host.empty() && flags.db_port == 0) faults.Add("--db-host also wants --db-port");
  if (flags.db_socket.empty() && flags.db_host.empty()) {
    options.mysql_socket = absl::StrCat(DefaultTabletDir(options.alias), "/mysql.sock");
  }
  CredentialsFile credentials;
  if (!flags.db_credentials_file.empty()) {
    faults.Take("--db-credentials-file", ReadCredentialsFile(flags.db_credentials_file),
                credentials);
  }
  const auto take = [&](absl::string_view name, const AgentFlags::Account& account,
                        MysqlAccount& target) {
    target.user = account.user;
    target.use_ssl = account.use_ssl;
    if (account.user.empty()) faults.Add(absl::StrCat("--db-", name, "-user is empty"));
    faults.Take(absl::StrCat("--db-", name, "-password-file"), FindPassword(account, credentials),
                target.password);
  };
  take("dba", flags.dba, options.dba);
  take("repl", flags.repl, options.repl);
  take("clone", flags.clone, options.clone);
}

// Refused as Vitess refuses them.
void CheckRestoreConflicts(const AgentFlags& flags, Faults& faults) {
  if (flags.restore_from_backup && flags.restore_with_clone) {
    faults.Add("--restore-from-backup and --restore-with-clone are mutually exclusive");
  } else if (flags.restore_from_backup) {
    faults.Add("--restore-from-backup: graftd restores by clone alone; use --restore-with-clone");
  }
  const std::pair<const char*, const std::string&> backup_only[] = {
      {"--restore-from-backup-allowed-engines", flags.restore_from_backup_allowed_engines},
      {"--restore-from-backup-ts", flags.restore_from_backup_ts},
      {"--restore-to-pos", flags.restore_to_pos},
      {"--restore-to-timestamp", flags.restore_to_timestamp}};
  for (const auto& [name, value] : backup_only) {
    if (!value.empty()) {
      faults.Add(absl::StrCat(name, " speaks of a backup and cannot go with --restore-with-clone"));
    }
  }
}

void CheckClone(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  CheckRestoreConflicts(flags, faults);
  options.restore_with_clone = flags.restore_with_clone;
  if (flags.clone_from_primary && !flags.clone_from_tablet.empty()) {
    faults.Add("--clone-from-primary and --clone-from-tablet are mutually exclusive");
  } else if (flags.clone_from_primary) {
    options.donor = DonorChoice{DonorChoice::Kind::kPrimary, {}};
  } else if (!flags.clone_from_tablet.empty()) {
    DonorChoice choice{DonorChoice::Kind::kTablet, {}};
    faults.Take("--clone-from-tablet", TabletAlias::Parse(flags.clone_from_tablet), choice.tablet);
    if (!choice.tablet.empty() && choice.tablet == options.alias) {
      faults.Add("--clone-from-tablet names this very tablet");
    }
    options.donor = choice;
  } else if (flags.restore_with_clone) {
    faults.Add(
        "--restore-with-clone: no donor specified; add --clone-from-primary or "
        "--clone-from-tablet <alias>");
  }
  if (flags.restore_with_clone && !flags.mysql_clone_enabled) {
    faults.Add("--restore-with-clone needs --mysql-clone-enabled");
  }
  faults.Take("--clone-restart-wait-timeout", ParseDuration(flags.clone_restart_wait_timeout),
              options.restart_wait_timeout);
  if (flags.replicate_from == "primary") {
    options.replicate_from = ReplicateFrom::kPrimary;
  } else if (flags.replicate_from != "donor") {
    faults.Add(absl::StrCat("--replicate-from: \"", flags.replicate_from,
                            "\" is neither donor nor primary"));
  }
}

}  // namespace

absl::StatusOr<AgentOptions> CheckFlags(const AgentFlags& flags) {
  Faults faults;
  AgentOptions options;
  CheckTablet(flags, options, faults);
  CheckMysql(flags, options, faults);
  CheckClone(flags, options, faults);
  options.topo = flags.topo;
  if (const absl::Status topo = ValidateTopoOptions(flags.topo); !topo.ok()) {
    faults.Add(topo.message());
  }
  faults.Take("--log-level", ParseLogLevel(flags.log_level), options.log.level);
  faults.Take("--log-format", ParseLogFormat(flags.log_format), options.log.format);
  GRAFT_RETURN_IF_ERROR(faults.ToStatus());
  return options;
}

}  // namespace graft
