#include "cli/graftctl_flags.h"

#include <CLI/CLI.hpp>

#include "base/duration_flag.h"
#include "cli/exit_code.h"
#include "topo_open/topo_flags.h"

namespace graft::cli {
namespace {

CLI::App* AddCommand(CLI::App& app, const char* name, const char* help, Command command,
                     GraftctlFlags& flags) {
  CLI::App* added = app.add_subcommand(name, help);
  added->callback([command, &flags] { flags.command = command; });
  return added;
}

void AddAlias(CLI::App& command, GraftctlFlags& flags) {
  command.add_option("ALIAS", flags.alias, "the tablet, e.g. zone1-0000000101")->required();
}

void AddOperationId(CLI::App& command, GraftctlFlags& flags) {
  command.add_option("OPERATION_ID", flags.operation_id, "without it the newest");
}

void AddAgentCommands(CLI::App& app, GraftctlFlags& flags) {
  CLI::App* reprovision = AddCommand(app, "reprovision", "rebuild a tablet from a healthy one",
                                     Command::kReprovision, flags);
  AddAlias(*reprovision, flags);
  auto* primary =
      reprovision->add_flag("--from-primary", flags.from_primary, "copy the shard's primary");
  reprovision->add_option("--from-tablet", flags.from_tablet, "copy this tablet")
      ->excludes(primary);
  reprovision->add_option("--replicate-from", flags.replicate_from, "whom it follows afterwards")
      ->check(CLI::IsMember({"donor", "primary"}));
  reprovision->add_option("--id", flags.operation_id,
                          "the same id again is the same operation; without it a new one");
  reprovision->add_flag("--watch", flags.watch, "follow it to its end");

  CLI::App* status =
      AddCommand(app, "status", "a tablet and its newest operation", Command::kStatus, flags);
  AddAlias(*status, flags);
  AddOperationId(*status, flags);
  AddAlias(*AddCommand(app, "operations", "a tablet's operations, newest first",
                       Command::kOperations, flags),
           flags);
  CLI::App* watch =
      AddCommand(app, "watch", "follow an operation to its end", Command::kWatch, flags);
  AddAlias(*watch, flags);
  AddOperationId(*watch, flags);
  CLI::App* cancel = AddCommand(app, "cancel", "stop an operation, if it is not too late",
                                Command::kCancel, flags);
  AddAlias(*cancel, flags);
  AddOperationId(*cancel, flags);
}

void AddTopoCommands(CLI::App& app, GraftctlFlags& flags) {
  CLI::App* tablets =
      AddCommand(app, "tablets", "the tablets in the topology", Command::kTablets, flags);
  tablets->add_option("--cell", flags.filter.cell, "only of this cell");
  tablets->add_option("--keyspace", flags.filter.keyspace, "only of this keyspace");
  tablets->add_option("--shard", flags.filter.shard, "only of this shard");

  CLI::App* topo = app.add_subcommand("topo", "look at the topology, or edit it");
  topo->require_subcommand(1);
  CLI::App* add_cell =
      AddCommand(*topo, "add-cell", "make a cell known", Command::kTopoAddCell, flags);
  add_cell->add_option("NAME", flags.cell.name, "e.g. zone1")->required();
  add_cell->add_option("--server-address", flags.cell.server_address,
                       "the store of the cell's tablets; without it the global one");
  add_cell->add_option("--root", flags.cell.root, "where its keys begin; without it /vitess/NAME");
  AddCommand(*topo, "show", "cells, shards, primaries and tablets", Command::kTopoShow, flags);
  CLI::App* primary =
      AddCommand(*topo, "set-primary",
                 "record who a shard's primary is, where no Vitess does; touches no server",
                 Command::kTopoSetPrimary, flags);
  primary->add_option("SHARD", flags.shard, "keyspace/shard")->required();
  primary->add_option("ALIAS", flags.alias, "the primary tablet")->required();
}

std::string CheckDuration(const std::string& text) {
  const absl::StatusOr<absl::Duration> parsed = ParseDuration(text);
  if (!parsed.ok()) return std::string(parsed.status().message());
  return *parsed > absl::ZeroDuration() ? "" : "must be longer than 0";
}

}  // namespace

bool ParseGraftctlFlags(int argc, const char* const* argv, GraftctlFlags& flags, int& exit_status) {
  CLI::App app("Rebuilds MySQL replicas through their graft agents.", "graftctl");
  app.footer(std::string(ExitCodeHelp()));
  app.fallthrough();  // global flags may follow the subcommand
  app.require_subcommand(1);
  AddTopoFlags(app, flags.topo);
  std::string timeout = "10s";
  app.add_option("--server", flags.server, "the agent's host:port, instead of the topology's");
  app.add_option("--timeout", timeout,
                 "bounds each call, and how long a watch goes without contact, e.g. 10s")
      ->check(CheckDuration)
      ->capture_default_str();
  app.add_flag("--json", flags.json, "one JSON object per line");
  AddAgentCommands(app, flags);
  AddTopoCommands(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool fault = app.exit(error) != 0;
    exit_status = static_cast<int>(fault ? ExitCode::kUsage : ExitCode::kDone);
    return false;
  }
  flags.timeout = *ParseDuration(timeout);
  flags.topo.call_timeout = flags.timeout;
  return true;
}

}  // namespace graft::cli
