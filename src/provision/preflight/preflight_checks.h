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

// The recipient alone: preflight_recipient.cc.
Verdict RecipientIsNoPrimary(const PreflightFacts& facts);
Verdict RecipientHasNoReplicas(const PreflightFacts& facts);
Verdict RecipientDonatesToNobody(const PreflightFacts& facts);
Verdict RecipientPlugin(const PreflightFacts& facts);
Verdict RecipientPrivileges(const PreflightFacts& facts);
Verdict RecipientShowsClones(const PreflightFacts& facts);
Verdict RecipientInnodbWrites(const PreflightFacts& facts);
Verdict RecipientLoadsPersisted(const PreflightFacts& facts);
Verdict RecipientInNoGroup(const PreflightFacts& facts);
Verdict RecipientPacket(const PreflightFacts& facts);
Verdict RecipientSessions(const PreflightFacts& facts);
Verdict CloneLeftovers(const PreflightFacts& facts);
Verdict Supervised(const PreflightFacts& facts);

// The donor alone: preflight_donor.cc. The first three also take the reason why the donor did not
// answer.
Verdict DonorAnswers(const PreflightFacts& facts);
Verdict DonorLetsIn(const PreflightFacts& facts);
Verdict DonorPrivileges(const PreflightFacts& facts);
Verdict DonorAddress(const PreflightFacts& facts);
Verdict DonorPlugin(const PreflightFacts& facts);
Verdict DonorTls(const PreflightFacts& facts);
Verdict DonorPacket(const PreflightFacts& facts);
Verdict DonorRedoLog(const PreflightFacts& facts);
Verdict DonorConnections(const PreflightFacts& facts);
Verdict DonorIsFree(const PreflightFacts& facts);
Verdict DonorDdl(const PreflightFacts& facts);

// Whose servers they are, whether the donor's data is the shard's, and whom the recipient lets in
// afterwards: preflight_identity.cc.
Verdict ServersAreTheirOwn(const PreflightFacts& facts);
Verdict DonorHoldsData(const PreflightFacts& facts);
Verdict DonorIsUpToDate(const PreflightFacts& facts);
Verdict AgentAccount(const PreflightFacts& facts);

// Whether the two fit: preflight_compatibility.cc.
Verdict DonorIsOther(const PreflightFacts& facts);
Verdict Versions(const PreflightFacts& facts);
Verdict OperatingSystem(const PreflightFacts& facts);
Verdict Architecture(const PreflightFacts& facts);
Verdict PageSize(const PreflightFacts& facts);
Verdict LowerCaseTableNames(const PreflightFacts& facts);
Verdict CharacterSets(const PreflightFacts& facts);
Verdict Collations(const PreflightFacts& facts);
Verdict SystemTablespace(const PreflightFacts& facts);
Verdict Plugins(const PreflightFacts& facts);
Verdict ClonePluginStays(const PreflightFacts& facts);

// The recipient's options: preflight_options.cc.
Verdict CloneSsl(const PreflightFacts& facts);
Verdict OptionsStayKnown(const PreflightFacts& facts);

// The donor's data: preflight_data.cc.
Verdict DiskSpace(const PreflightFacts& facts);
Verdict TablespacePaths(const PreflightFacts& facts);
Verdict NonInnodbTables(const PreflightFacts& facts);
Verdict Encryption(const PreflightFacts& facts);

// Replication, before and after: preflight_replication.cc.
Verdict GtidMode(const PreflightFacts& facts);
Verdict ServerIds(const PreflightFacts& facts);
Verdict ReplicationAccount(const PreflightFacts& facts);
Verdict DonorReplication(const PreflightFacts& facts);
Verdict DonorLag(const PreflightFacts& facts);
Verdict ErrantTransactions(const PreflightFacts& facts);
Verdict RecipientTransactions(const PreflightFacts& facts);
Verdict SourceBinlogs(const PreflightFacts& facts);

// What the rebuild takes away: preflight_old_replication.cc.
Verdict SemiSyncStays(const PreflightFacts& facts);
// Whether the operation sets it on the rebuilt replica: one of the default channel that a statement
// set, and that reads in one way only.
bool CanBeSetAgain(const ReplicationFilter& filter, const PreflightFacts& facts);
Verdict ReplicationSettingsStay(const PreflightFacts& facts);

}  // namespace graft
