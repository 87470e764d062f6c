#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/credentials.h"
#include "agent/flag_faults.h"
#include "agent/options.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "provision/preflight/preflight.h"
#include "topo/records.h"

namespace graft {
namespace {

constexpr int64_t kMostBandwidthMib = 1048576;  // MySQL's own bound
constexpr int kMostConcurrency = 128;           // MySQL's own bound

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

// The name under which other machines reach this one: the resolver's canonical name of
// gethostname(), or that itself where it has none.
std::string FullyQualifiedHostname() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_family = AF_UNSPEC;
  addrinfo* found = nullptr;
  if (getaddrinfo(name.data(), nullptr, &hints, &found) != 0) return name.data();
  std::string canonical = found->ai_canonname != nullptr ? found->ai_canonname : name.data();
  freeaddrinfo(found);
  return canonical;
}

void CheckTablet(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  ProvisionerOptions& tablet = options.tablet.provisioner;
  if (flags.tablet_path.empty()) {
    faults.Add("--tablet-path is missing; the tablet's alias, e.g. zone1-0000000101");
  } else {
    faults.Take("--tablet-path", TabletAlias::Parse(flags.tablet_path), tablet.alias);
  }
  options.tablet.defaults.recipient = tablet.alias;
  if (tablet.keyspace.empty()) {
    faults.Add("--init-keyspace is missing");
  } else if (const absl::Status valid = topo::ValidateKeyspaceName(tablet.keyspace); !valid.ok()) {
    faults.Add(absl::StrCat("--init-keyspace: ", valid.message()));
  }
  if (tablet.shard.empty()) {
    faults.Add("--init-shard is missing; \"0\" for an unsharded keyspace");
  } else {
    topo::ShardName shard;
    faults.Take("--init-shard", topo::ParseShardName(tablet.shard), shard);
    tablet.shard = shard.text;
  }
  faults.Take("--init-tablet-type", ParseInitType(flags.init_tablet_type), tablet.init_type);
  faults.Take("--init-timeout", ParseDuration(flags.init_timeout), options.tablet.init_timeout);
  if (options.tablet.hostname.empty()) options.tablet.hostname = FullyQualifiedHostname();
  faults.CheckPort("--port", options.port);
  faults.CheckPort("--grpc-port", options.grpc_port);
  if (options.state_dir.empty()) {
    options.state_dir = absl::StrCat(DefaultTabletDir(tablet.alias), "/graft");
  }
}

void CheckAccounts(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  CredentialsFile credentials;
  if (!flags.db_credentials_file.empty()) {
    faults.Take("--db-credentials-file", ReadCredentialsFile(flags.db_credentials_file),
                credentials);
  }
  const auto take = [&](absl::string_view name, const AgentFlags::Account& account) {
    MysqlAccount taken{account.user, {}, account.use_ssl};
    if (taken.user.empty()) faults.Add(absl::StrCat("--db-", name, "-user is empty"));
    faults.Take(absl::StrCat("--db-", name, "-password-file"), FindPassword(account, credentials),
                taken.password);
    return taken;
  };
  const MysqlAccount dba = take("dba", flags.dba);
  options.tablet.provisioner.repl = take("repl", flags.repl);
  options.tablet.provisioner.clone = take("clone", flags.clone);
  options.tablet.provisioner.agent_user = options.mysql.user = dba.user;
  options.mysql.password = dba.password;
  options.mysql.require_ssl = dba.use_ssl && options.mysql.socket.empty();
}

void CheckMysql(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  ConnectionOptions& mysql = options.mysql;
  faults.CheckPort("--db-port", mysql.address.port);
  if (!mysql.address.host.empty() && mysql.address.port == 0) {
    faults.Add("--db-host also wants --db-port");
  }
  if (mysql.socket.empty() && mysql.address.host.empty()) {
    mysql.socket = absl::StrCat(DefaultTabletDir(options.tablet.provisioner.alias), "/mysql.sock");
  }
  options.tablet.advertised_mysql =
      mysql.socket.empty() ? mysql.address : HostPort{options.tablet.hostname, 0};
  CheckAccounts(flags, options, faults);
}

void CheckDonor(const AgentFlags& flags, TabletAgent::Options& options, Faults& faults) {
  std::optional<DonorChoice>& donor = options.defaults.donor;
  if (!flags.donors.empty() && !flags.clone_from_any) {
    faults.Add("--donors goes with --clone-from-any");
  }
  const int given = (flags.clone_from_primary ? 1 : 0) + (flags.clone_from_any ? 1 : 0) +
                    (flags.clone_from_tablet.empty() ? 0 : 1);
  if (given > 1) {
    faults.Add(
        "--clone-from-primary, --clone-from-tablet and --clone-from-any are mutually exclusive");
  } else if (flags.clone_from_primary) {
    donor = DonorChoice{DonorChoice::Kind::kPrimary, {}};
  } else if (flags.clone_from_any) {
    donor = DonorChoice{DonorChoice::Kind::kAny, {}};
    if (!flags.donors.empty()) faults.Take("--donors", ParseDonors(flags.donors), donor->primary);
  } else if (!flags.clone_from_tablet.empty()) {
    DonorChoice choice{DonorChoice::Kind::kTablet, {}};
    faults.Take("--clone-from-tablet", TabletAlias::Parse(flags.clone_from_tablet), choice.tablet);
    if (!choice.tablet.empty() && choice.tablet == options.provisioner.alias) {
      faults.Add("--clone-from-tablet names this very tablet");
    }
    donor = choice;
  } else if (options.restore_with_clone) {
    faults.Add(
        "--restore-with-clone: no donor specified; add --clone-from-primary, "
        "--clone-from-tablet <alias> or --clone-from-any");
  }
}

void CheckSettings(const AgentFlags& flags, CloneSettings& settings, Faults& faults) {
  const auto check = [&faults](absl::string_view flag, const std::optional<int64_t>& mib) {
    if (mib.has_value() && (*mib < 0 || *mib > kMostBandwidthMib)) {
      faults.Add(
          absl::StrCat(flag, ": ", *mib, " is not between 0 and ", kMostBandwidthMib, " MiB/s"));
    }
  };
  check("--clone-max-data-bandwidth", settings.max_data_bandwidth_mib);
  check("--clone-max-network-bandwidth", settings.max_network_bandwidth_mib);
  const std::optional<int>& threads = settings.max_concurrency;
  if (threads.has_value() && (*threads < 1 || *threads > kMostConcurrency)) {
    faults.Add(absl::StrCat("--clone-max-concurrency: ", *threads, " is not between 1 and ",
                            kMostConcurrency));
  }
  if (flags.clone_enable_compression) settings.compression = true;
  if (flags.clone_block_ddl) settings.block_ddl = true;
}

void CheckBounds(const AgentFlags& flags, ProvisionerOptions& options, Faults& faults) {
  if (options.max_attempts < 1) faults.Add("--clone-max-attempts: at least 1 is needed");
  const auto take = [&faults](const char* flag, const std::string& text, absl::Duration& target) {
    faults.Take(flag, ParseDuration(text), target);
  };
  take("--clone-restart-wait-timeout", flags.clone_restart_wait_timeout,
       options.restart_wait_timeout);
  take("--clone-donor-wait-timeout", flags.clone_donor_wait_timeout, options.donor_wait_timeout);
  take("--primary-donor-after", flags.primary_donor_after, options.primary_donor_after);
  take("--clone-stall-timeout", flags.clone_stall_timeout, options.stall_timeout);
  take("--clone-donor-gone-timeout", flags.clone_donor_gone_timeout, options.donor_gone_timeout);
  take("--clone-catch-up-stall-timeout", flags.clone_catch_up_stall_timeout,
       options.catch_up_stall_timeout);
}

void CheckClone(const AgentFlags& flags, TabletAgent::Options& options, Faults& faults) {
  CheckDonor(flags, options, faults);
  if (options.restore_with_clone && !flags.mysql_clone_enabled) {
    faults.Add("--restore-with-clone needs --mysql-clone-enabled");
  }
  CheckSettings(flags, options.defaults.settings, faults);
  absl::Status checks = AllowUnchecked(flags.allow_unchecked, options.defaults.allow);
  if (checks.ok()) checks = RequireChecks(options.defaults.allow);
  if (!checks.ok()) faults.Add(absl::StrCat("--allow-unchecked: ", checks.message()));
  CheckBounds(flags, options.provisioner, faults);
  if (!flags.replicate_from.empty()) {
    faults.Take("--replicate-from", ParseReplicateFrom(flags.replicate_from),
                options.defaults.replicate_from);
  }
}

void CheckRepair(const AgentFlags& flags, RepairRules& rules, Faults& faults) {
  for (const std::string& text : flags.reprovision_on_replication_error) {
    int number = 0;
    if (absl::SimpleAtoi(text, &number) && number > 0) {
      rules.errors.insert(number);
    } else {
      faults.Add(absl::StrCat("--reprovision-on-replication-error: \"", text,
                              "\" is no MySQL error number, e.g. 1032"));
    }
  }
  faults.Take("--reprovision-delay", ParseDuration(flags.reprovision_delay), rules.delay);
  if (rules.daily_limit < 1) {
    faults.Add(
        "--reprovision-daily-limit: at least 1 is needed; to turn repair off, leave "
        "--reprovision-on-replication-error out");
  }
}

}  // namespace

absl::StatusOr<AgentOptions> CheckFlags(const AgentFlags& flags) {
  Faults faults;
  AgentOptions options = flags.options;
  CheckTablet(flags, options, faults);
  CheckMysql(flags, options, faults);
  CheckClone(flags, options.tablet, faults);
  CheckRestore(flags, options, faults);
  CheckRepair(flags, options.repair, faults);
  if (!flags.hold_before_step.empty()) {
    faults.Take("--hold-before-step", ParseHold(flags.hold_before_step), options.hold);
  }
  if (const absl::Status topo = ValidateTopoOptions(options.topo); !topo.ok()) {
    faults.Add(topo.message());
  }
  faults.Take("--log-level", ParseLogLevel(flags.log_level), options.log.level);
  faults.Take("--log-format", ParseLogFormat(flags.log_format), options.log.format);
  GRAFT_RETURN_IF_ERROR(faults.ToStatus());
  return options;
}

}  // namespace graft
