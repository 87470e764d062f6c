// The functions of preflight's table, grouped by the facts that they check, and their helpers.
// Pure. Only preflight*.cc includes this.
//
// A function that takes the donor is called only if the donor has answered.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "provision/preflight/preflight.h"

namespace graft {

struct Verdict {
  CheckOutcome outcome = CheckOutcome::kPassed;
  std::string found;
  std::string remedy;
  std::optional<CheckSide> side = std::nullopt;  // if another than the row's is at fault
};

Verdict Passed(std::string found);
Verdict Warn(std::string found, std::string remedy);
Verdict Fatal(std::string found, std::string remedy);
Verdict Unclear(std::string found, std::string remedy);  // unchecked
// What `status` kept from being read: "the sessions of the donor".
Verdict Unchecked(absl::string_view what, const absl::Status& status);

// A variable of @@global; "" if it is unset there, nullopt if the server does not have it.
std::optional<std::string> VariableOf(const ServerSurvey& server, absl::string_view name);
bool IsOn(const ServerSurvey& server, absl::string_view name);
std::optional<int64_t> NumberOf(const ServerSurvey& server, absl::string_view name);
Verdict VariableMissing(absl::string_view name, absl::string_view whose);
// False if its version cannot be read.
bool VersionAtLeast(const ServerSurvey& server, int major, int minor, int patch);
bool HasPrivilege(const std::set<std::string>& has, absl::string_view privilege);
// Those that the agent's account needs on the recipient and has not: preflight_recipient.cc.
std::vector<std::string> MissingForARebuild(const std::set<std::string>& privileges);

// "a, b and 3 more", after the first ten.
std::string NameThem(const std::vector<std::string>& names);
std::string NameChannel(const ReplicationChannel& channel);  // "the default channel"
// "17 (app@10.0.0.7, Query)".
std::string NameSession(const ServerSession& session);
bool IsBinlogDump(const ServerSession& session);
bool IsClone(const ServerSession& session);
// The names of the sessions that `is` says yes to.
std::vector<std::string> NameSessions(const std::vector<ServerSession>& sessions,
                                      const std::function<bool(const ServerSession&)>& is);

// What CLONE wants of either server; `whose`: "donor".
Verdict PluginIsActive(const ServerSurvey& server, absl::string_view whose);
Verdict PacketIsLargeEnough(const ServerSurvey& server, absl::string_view whose);

// Those of the table, in preflight_<theme>.cc. The checks of whether the donor answers, lets in and
// grants also take the reason why the donor did not answer.
#define GRAFT_CHECK(reason, side, needs, looks_at, judge) \
  Verdict judge(const PreflightFacts& facts);
#include "provision/preflight/preflight_table.inc"
#undef GRAFT_CHECK

// Whether the operation sets it on the rebuilt replica: one of the default channel that a statement
// set, and that reads in one way only.
bool CanBeSetAgain(const ReplicationFilter& filter, const PreflightFacts& facts);

}  // namespace graft
