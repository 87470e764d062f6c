#include "agent/check_clone_flags.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"

namespace graft {
namespace {

constexpr int64_t kMostBandwidthMib = 1048576;  // MySQL's own bound
constexpr int kMostConcurrency = 128;           // MySQL's own bound

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

void CheckDonor(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  std::optional<DonorChoice>& donor = options.clone_options.donor;
  const int given = (flags.clone_from_primary ? 1 : 0) + (flags.clone_from_any ? 1 : 0) +
                    (flags.clone_from_tablet.empty() ? 0 : 1);
  if (given > 1) {
    faults.Add(
        "--clone-from-primary, --clone-from-tablet and --clone-from-any are mutually exclusive");
  } else if (flags.clone_from_primary) {
    donor = DonorChoice{DonorChoice::Kind::kPrimary, {}};
  } else if (flags.clone_from_any) {
    donor = DonorChoice{DonorChoice::Kind::kAny, {}};
  } else if (!flags.clone_from_tablet.empty()) {
    DonorChoice choice{DonorChoice::Kind::kTablet, {}};
    faults.Take("--clone-from-tablet", TabletAlias::Parse(flags.clone_from_tablet), choice.tablet);
    if (!choice.tablet.empty() && choice.tablet == options.alias) {
      faults.Add("--clone-from-tablet names this very tablet");
    }
    donor = choice;
  } else if (flags.restore_with_clone) {
    faults.Add(
        "--restore-with-clone: no donor specified; add --clone-from-primary, "
        "--clone-from-tablet <alias> or --clone-from-any");
  }
}

void CheckBandwidth(absl::string_view flag, const std::optional<int64_t>& mib, Faults& faults) {
  if (mib.has_value() && (*mib < 0 || *mib > kMostBandwidthMib)) {
    faults.Add(
        absl::StrCat(flag, ": ", *mib, " is not between 0 and ", kMostBandwidthMib, " MiB/s"));
  }
}

void CheckSettings(const AgentFlags& flags, CloneSettings& settings, Faults& faults) {
  CheckBandwidth("--clone-max-data-bandwidth", flags.clone_max_data_bandwidth, faults);
  CheckBandwidth("--clone-max-network-bandwidth", flags.clone_max_network_bandwidth, faults);
  const std::optional<int>& threads = flags.clone_max_concurrency;
  if (threads.has_value() && (*threads < 1 || *threads > kMostConcurrency)) {
    faults.Add(absl::StrCat("--clone-max-concurrency: ", *threads, " is not between 1 and ",
                            kMostConcurrency));
  }
  settings.max_data_bandwidth_mib = flags.clone_max_data_bandwidth;
  settings.max_network_bandwidth_mib = flags.clone_max_network_bandwidth;
  settings.max_concurrency = threads;
  if (flags.clone_enable_compression) settings.compression = true;
  if (flags.clone_block_ddl) settings.block_ddl = true;
}

void CheckBounds(const AgentFlags& flags, CloneOptions& options, Faults& faults) {
  if (flags.clone_max_attempts < 1) faults.Add("--clone-max-attempts: at least 1 is needed");
  options.max_attempts = flags.clone_max_attempts;
  options.start_command = flags.mysqld_start_command;
  const auto take = [&faults](const char* flag, const std::string& text, absl::Duration& target) {
    faults.Take(flag, ParseDuration(text), target);
  };
  take("--clone-restart-wait-timeout", flags.clone_restart_wait_timeout,
       options.restart_wait_timeout);
  take("--clone-donor-wait-timeout", flags.clone_donor_wait_timeout, options.donor_wait_timeout);
  take("--clone-stall-timeout", flags.clone_stall_timeout, options.stall_timeout);
  take("--clone-donor-gone-timeout", flags.clone_donor_gone_timeout, options.donor_gone_timeout);
  take("--clone-catch-up-stall-timeout", flags.clone_catch_up_stall_timeout,
       options.catch_up_stall_timeout);
}

}  // namespace

void CheckCloneFlags(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  CheckRestoreConflicts(flags, faults);
  options.restore_with_clone = flags.restore_with_clone;
  CheckDonor(flags, options, faults);
  if (flags.restore_with_clone && !flags.mysql_clone_enabled) {
    faults.Add("--restore-with-clone needs --mysql-clone-enabled");
  }
  CheckSettings(flags, options.clone_options.settings, faults);
  CheckBounds(flags, options.clone_options, faults);
  options.clone_options.allow.non_innodb = flags.allow_non_innodb;
  options.clone_options.allow.unchecked = flags.allow_unchecked;
  if (flags.replicate_from == "primary") {
    options.clone_options.replicate_from = ReplicateFrom::kPrimary;
  } else if (flags.replicate_from != "donor") {
    faults.Add(absl::StrCat("--replicate-from: \"", flags.replicate_from,
                            "\" is neither donor nor primary"));
  }
}

void CheckRepairFlags(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  for (const std::string& text : flags.reprovision_on_replication_error) {
    int number = 0;
    if (absl::SimpleAtoi(text, &number) && number > 0) {
      options.repair.errors.insert(number);
    } else {
      faults.Add(absl::StrCat("--reprovision-on-replication-error: \"", text,
                              "\" is no MySQL error number, e.g. 1032"));
    }
  }
  faults.Take("--reprovision-delay", ParseDuration(flags.reprovision_delay), options.repair.delay);
  if (!flags.hold_before_step.empty()) {
    faults.Take("--hold-before-step", ParseHold(flags.hold_before_step), options.hold);
  }
  if (flags.reprovision_daily_limit < 1) {
    faults.Add(
        "--reprovision-daily-limit: at least 1 is needed; to turn repair off, leave "
        "--reprovision-on-replication-error out");
  }
  options.repair.daily_limit = flags.reprovision_daily_limit;
}

}  // namespace graft
