// The flags of a request: of reprovision, preflight and throttle.
#include <CLI/CLI.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/graftctl.h"
#include "cli/request_flags.h"
#include "wire/operation_proto.h"

namespace graft::cli {
namespace {

template <typename T>
CLI::Option* AddValued(CLI::App& command, const char* name, T& target, const char* kind,
                       const std::string& text) {
  return command.add_option(name, target, text)->type_name(kind);
}

}  // namespace

void AddRequestFlags(CLI::App& command, GraftctlFlags& flags) {
  auto* primary =
      command.add_flag("--from-primary", flags.from_primary, "copy the shard's primary");
  auto* tablet =
      AddValued(command, "--from-tablet", flags.from_tablet, "ALIAS", "copy this tablet");
  command.add_flag("--from-any", flags.from_any, "copy the best tablet of the shard")
      ->excludes(primary)
      ->excludes(tablet);
  tablet->excludes(primary);
  command
      .add_flag("--from-backup{newest}", flags.from_backup,
                "restore a backup, of which =NAME says the name; without it the newest that the "
                "agent's flags allow")
      ->type_name("")
      ->excludes(primary)
      ->excludes(tablet)
      ->excludes("--from-any");
  AddValued(command, "--donors", flags.donors, "KINDS",
            "with --from-any: primary,replica, or replica; else the primary as a last resort")
      ->check([](const std::string& kinds) {
        return std::string(ParseDonors(kinds).status().message());
      });
  command
      .add_option("--replicate-from", flags.replicate_from, "replication source after the clone")
      ->check(CLI::IsMember({"donor", "primary", "primary-or-donor"}));
  command.add_flag("--allow-non-innodb", flags.allow.non_innodb,
                   "accept that tables of other engines arrive empty");
  command
      .add_option_function<std::vector<std::string>>(
          "--allow-unchecked",
          [&flags](const std::vector<std::string>& checks) {
            const absl::Status known = AllowUnchecked(checks, flags.allow);
            if (!known.ok()) throw CLI::ValidationError(std::string(known.message()));
          },
          "go on although the facts of these checks cannot be read: DISK_SPACE,…, or all")
      ->delimiter(',')
      ->type_name("CHECKS");
  command.add_flag("--forget-replication-settings", flags.allow.lost_replication_settings,
                   "do not set the replica's SOURCE_DELAY and filters again");
}

void AddBandwidthFlags(CLI::App& command, GraftctlFlags& flags) {
  const auto range = [](const std::string& text) {
    int64_t mib = -1;
    const bool good = absl::SimpleAtoi(text, &mib) && mib >= 0 && mib <= kMostBandwidthMib;
    return good ? "" : absl::StrCat("write a whole number of MiB/s, 0 to ", kMostBandwidthMib);
  };
  AddValued(command, "--max-data-bandwidth", flags.settings.max_data_bandwidth_mib, "MIB",
            "bound of the copy on disk, in MiB/s; 0: none")
      ->check(range);
  AddValued(command, "--max-network-bandwidth", flags.settings.max_network_bandwidth_mib, "MIB",
            "bound of the copy on the network, in MiB/s; 0: none")
      ->check(range);
}

void AddSettingsFlags(CLI::App& command, GraftctlFlags& flags) {
  AddBandwidthFlags(command, flags);
  AddValued(command, "--max-concurrency", flags.settings.max_concurrency, "N",
            "threads of the copy, at most")
      ->check(CLI::Range(1, kMostConcurrency));
  command.add_flag_function(
      "--compression,!--no-compression",
      [&flags](int64_t on) { flags.settings.compression = on > 0; },
      "compress the copy on the network, or not; without it as the server is set");
  command.add_flag_function(
      "--block-ddl,!--no-block-ddl", [&flags](int64_t on) { flags.settings.block_ddl = on > 0; },
      "block DDL on the donor while it copies, or not; without it as the server is set");
}

}  // namespace graft::cli
