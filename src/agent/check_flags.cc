#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/check_clone_flags.h"
#include "agent/credentials.h"
#include "agent/faults.h"
#include "agent/hostname.h"
#include "agent/options.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "topo/records.h"

namespace graft {
namespace {

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
  options.port = flags.port;
  if (flags.port < 0 || flags.port > 65535) faults.Add("--port: not a port");
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

}  // namespace

absl::StatusOr<AgentOptions> CheckFlags(const AgentFlags& flags) {
  Faults faults;
  AgentOptions options;
  CheckTablet(flags, options, faults);
  CheckMysql(flags, options, faults);
  CheckCloneFlags(flags, options, faults);
  CheckRepairFlags(flags, options, faults);
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
