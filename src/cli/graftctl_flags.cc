#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "cli/agent_client.h"
#include "cli/graftctl.h"
#include "cli/output.h"
#include "cli/request_flags.h"
#include "command_line/command_line.h"
#include "topo_open/topo_flags.h"
#include "wire/operation_proto.h"

namespace graft::cli {
namespace {

CLI::App* AddCommand(CLI::App& app, const char* name, const char* help, Command command,
                     GraftctlFlags& flags) {
  CLI::App* added = app.add_subcommand(name, help);
  added->callback([command, &flags] { flags.command = command; });
  return added;
}

// Of a tablet's agent.
CLI::App* AddAgentCommand(CLI::App& app, const char* name, const char* help, Command command,
                          GraftctlFlags& flags) {
  CLI::App* added = AddCommand(app, name, help, command, flags);
  added->add_option("ALIAS", flags.alias, "the tablet, e.g. zone1-0000000101")->required();
  return added;
}

CLI::App* AddOperationCommand(CLI::App& app, const char* name, const char* help, Command command,
                              GraftctlFlags& flags) {
  CLI::App* added = AddAgentCommand(app, name, help, command, flags);
  added->add_option("OPERATION_ID", flags.operation_id, "without it the newest");
  return added;
}

template <typename T>
CLI::Option* Add(CLI::App& command, const char* name, T& target, const char* kind,
                 const std::string& text) {
  return command.add_option(name, target, text)->type_name(kind);
}

CLI::Option* AddCancelOnInterrupt(CLI::App& command, GraftctlFlags& flags) {
  return command.add_flag("--cancel-on-interrupt", flags.cancel_on_interrupt,
                          "Ctrl-C requests a cancel, and a second Ctrl-C stops watching; "
                          "without this flag Ctrl-C stops watching, and the operation goes on");
}

// Of a rebuild of several tablets.
void AddShardFlags(CLI::App& command, GraftctlFlags& flags) {
  auto* shard = Add(command, "--shard", flags.shard, "KEYSPACE/SHARD",
                    "rebuild several tablets of this shard, one after the other: those named, "
                    "--all or --unhealthy; without any, show the rebuild that is there. Unless "
                    "told otherwise they copy the best tablet and follow the primary");
  auto* all = command.add_flag("--all", flags.all, "every tablet but the primary")->needs(shard);
  command
      .add_flag("--unhealthy", flags.unhealthy,
                "the tablets without good data, without mysqld or without replication")
      ->needs(shard)
      ->excludes(all);
  Add(command, "--max-unavailable", flags.max_unavailable, "N",
      "tablets that are rebuilt at the same time, at most")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->needs(shard);
  command.add_flag("--plan", flags.plan, "show the plan of the shard's rebuild, begin nothing")
      ->needs(shard);
  command.add_flag("--yes", flags.yes, "begin the shard's rebuild without asking")->needs(shard);
  command
      .add_flag("--stop", flags.stop,
                "stop the shard's rebuild: running tablets end, no further one begins; a second "
                "time it gives up tablets whose agents do not answer")
      ->needs(shard);
}

void AddReprovision(CLI::App& app, GraftctlFlags& flags) {
  CLI::App* reprovision = app.add_subcommand(
      "reprovision", "rebuild a tablet, or several of a shard, from a healthy one");
  reprovision->callback([&flags] {
    flags.command = Command::kReprovision;
    const std::string fault = FaultOfReprovision(flags);
    if (!fault.empty()) throw CLI::ValidationError(fault);
    if (flags.shard.empty()) flags.alias = flags.aliases.front();
  });
  reprovision->add_option("ALIAS", flags.aliases,
                          "the tablet, e.g. zone1-0000000101; with --shard any number");
  AddShardFlags(*reprovision, flags);
  AddRequestFlags(*reprovision, flags);
  AddSettingsFlags(*reprovision, flags);
  reprovision->add_flag("--if-needed", flags.if_needed, "copy only if catching up cannot do");
  auto* shard = reprovision->get_option("--shard");
  reprovision->get_option("--from-backup")->excludes(shard);
  reprovision
      ->add_option("--id", flags.operation_id,
                   "the same id again names the same operation; without an id a new operation")
      ->excludes(shard);
  auto* watch = reprovision->add_flag("--watch", flags.watch,
                                      "follow it to its end; with --shard the default on a "
                                      "terminal");
  AddCancelOnInterrupt(*reprovision, flags)->needs(watch)->excludes(shard);
}

void AddRelease(CLI::App& app, GraftctlFlags& flags) {
  CLI::App* release = AddAgentCommand(
      app, "release", "declare a fenced tablet's data good: the tablet serves again",
      Command::kRelease, flags);
  release->add_flag(
      "--data-is-good", flags.word.data_is_good,
      "you have looked at the data: release it even if graft considers the data PARTIAL or EMPTY");
  Add(*release, "--by", flags.word.by, "NAME", "who says so; without it you, as user@host");
  Add(*release, "--note", flags.word.note, "TEXT", "why, for the journal");
  release->add_option("--id", flags.operation_id,
                      "the same id again names the same operation; without an id a new operation");
  release->add_flag("--watch", flags.watch, "follow it to its end");
}

void AddAgentCommands(CLI::App& app, GraftctlFlags& flags) {
  CLI::App* preflight =
      AddAgentCommand(app, "preflight", "every check that reprovision makes first; touches nothing",
                      Command::kPreflight, flags);
  AddRequestFlags(*preflight, flags);
  AddOperationCommand(app, "status", "a tablet and its newest operation", Command::kStatus, flags);
  AddAgentCommand(app, "history", "a tablet's operations, newest first", Command::kHistory, flags)
      ->alias("operations");
  AddOperationCommand(app, "describe", "all that is known of an operation", Command::kDescribe,
                      flags);
  CLI::App* watch =
      AddOperationCommand(app, "watch", "follow an operation to its end", Command::kWatch, flags);
  AddCancelOnInterrupt(*watch, flags);
  CLI::App* cancel = AddOperationCommand(
      app, "cancel", "stop an operation, if it is not too late, and wait for its end",
      Command::kCancel, flags);
  cancel->add_flag("--even-if-dropped", flags.even_if_dropped,
                   "cancel even if the old data is dropped: the tablet stays empty and fenced");
  CLI::App* throttle = AddOperationCommand(
      app, "throttle", "change the bandwidths of a running copy", Command::kThrottle, flags);
  AddBandwidthFlags(*throttle, flags);
  AddRelease(app, flags);
}

void AddTopoCommands(CLI::App& app, GraftctlFlags& flags) {
  CLI::App* tablets = AddCommand(app, "tablets", "the tablets in the topology, and how they are",
                                 Command::kTablets, flags);
  tablets->add_option("--cell", flags.filter.cell, "only of this cell");
  tablets->add_option("--keyspace", flags.filter.keyspace, "only of this keyspace");
  tablets->add_option("--shard", flags.filter.shard, "only of this shard: 0, or shop/0");
  tablets->add_flag("--no-ask", flags.no_ask,
                    "the records with their tags alone: asks no agent, so it is quick");

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

std::string CheckAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string host = text.substr(0, colon);
  int port = 0;
  const bool plain = !absl::StrContains(host, ':') || (host.front() == '[' && host.back() == ']');
  const bool good = colon != std::string::npos && colon > 0 && plain &&
                    absl::SimpleAtoi(text.substr(colon + 1), &port) && port > 0 && port <= 65535;
  return good
             ? ""
             : absl::StrCat("\"", text, "\" is no host:port; write e.g. db-101:15999, [::1]:15999");
}

OutputFormat FormatOf(const std::string& output, bool json) {
  if (json || output == "json") return OutputFormat::kJson;
  return output == "yaml" ? OutputFormat::kYaml : OutputFormat::kTable;
}

absl::Duration DefaultTimeout(Command command) {
  // Both wait for what servers do, not for an agent's answer alone.
  const bool waits = command == Command::kPreflight || command == Command::kCancel;
  if (command == Command::kTablets) return kAskTimeout;
  return waits ? absl::Minutes(1) : absl::Seconds(10);
}

}  // namespace

bool ParseGraftctlFlags(int argc, const char* const* argv, GraftctlFlags& flags, int& exit_status) {
  CLI::App app("Rebuilds MySQL replicas through their graft agents.", "graftctl");
  app.footer(std::string(ExitCodeHelp()));
  app.fallthrough();  // global flags may follow the subcommand
  app.require_subcommand(1);
  AddTopoFlags(app, flags.topo);
  std::string timeout;
  Add(app, "--server", flags.server, "ADDRESS", "the agent's host:port, instead of the topology's")
      ->check(CheckAddress);
  Add(app, "--timeout", timeout, "DURATION",
      "bounds each call, how long a watch goes without contact, and how long cancel "
      "waits; without it 10s, for preflight and cancel 1m, for the agents of tablets 1.5s")
      ->check(CheckDuration);
  std::string output = "table";
  auto* format = Add(app, "--output", output, "FORMAT",
                     "table: for people; json: one object per line; yaml: one document per object")
                     ->check(CLI::IsMember({"table", "json", "yaml"}))
                     ->capture_default_str();
  bool json = false;
  app.add_flag("--json", json, "short for --output json")->excludes(format);
  AddReprovision(app, flags);
  AddAgentCommands(app, flags);
  AddTopoCommands(app, flags);
  AddBackupCommands(app, flags);
  AddDocumentCommands(app);
  AddDocuments(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool fault = app.exit(error) != 0;
    exit_status = static_cast<int>(fault ? ExitCode::kUsage : ExitCode::kDone);
    return false;
  }
  flags.output = FormatOf(output, json);
  flags.timeout = timeout.empty() ? DefaultTimeout(flags.command) : *ParseDuration(timeout);
  flags.topo.etcd.call_timeout = timeout.empty() ? DefaultTimeout(Command::kNone) : flags.timeout;
  return true;
}

}  // namespace graft::cli
