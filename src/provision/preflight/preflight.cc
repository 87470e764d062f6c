#include "provision/preflight/preflight.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

constexpr absl::string_view kOrAllow = ", or pass --allow-unchecked=";

enum class Needs { kNoDonor, kDonor };

struct Check {
  Reason id;
  CheckSide side;
  Needs needs;
  const char* looks_at;
  Verdict (*judge)(const PreflightFacts&);
};

constexpr CheckSide kRecipient = CheckSide::kRecipient;
constexpr CheckSide kDonor = CheckSide::kDonor;
constexpr CheckSide kSource = CheckSide::kSource;
constexpr Needs kAlone = Needs::kNoDonor;
constexpr Needs kWithDonor = Needs::kDonor;

// Faults of the recipient itself come first: no other donor helps against them. A mismatch of both
// counts as the donor's fault, because another donor may fit.
// clang-format off
constexpr Check kChecks[] = {
    {Reason::kRecipientIsPrimary,   kRecipient, kAlone,     "the recipient is no primary",                        RecipientIsNoPrimary},
    {Reason::kRecipientHasReplicas, kRecipient, kAlone,     "nobody replicates from the recipient",               RecipientHasNoReplicas},
    {Reason::kRecipientDonates,      kRecipient, kAlone,     "nobody clones from the recipient",                   RecipientDonatesToNobody},
    {Reason::kRecipientPlugin,       kRecipient, kAlone,     "the recipient's clone plugin is active",             RecipientPlugin},
    {Reason::kRecipientPrivilege,    kRecipient, kAlone,     "the agent's privileges on the recipient",            RecipientPrivileges},
    {Reason::kRecipientPacket,       kRecipient, kAlone,     "the recipient's max_allowed_packet",                 RecipientPacket},
    {Reason::kPerformanceSchema,    kRecipient, kAlone,     "the recipient shows what CLONE does",                RecipientShowsClones},
    {Reason::kInnodbReadOnly,       kRecipient, kAlone,     "the recipient's InnoDB may drop and write",          RecipientInnodbWrites},
    {Reason::kPersistedVariables,    kRecipient, kAlone,     "the recipient starts with persisted variables",      RecipientLoadsPersisted},
    {Reason::kGroupReplication,      kRecipient, kAlone,     "the recipient is in no replication group",           RecipientInNoGroup},
    {Reason::kCloneLeftovers,        kRecipient, kAlone,     "no files of an earlier clone lie about",             CloneLeftovers},
    {Reason::kRecipientSessions,     kRecipient, kAlone,     "sessions that could keep CLONE waiting",             RecipientSessions},
    {Reason::kSupervised,             kRecipient, kAlone,     "somebody restarts the recipient's mysqld",           Supervised},
    {Reason::kDonorUnreachable,      kDonor,     kAlone,     "the donor's mysqld answers",                         DonorAnswers},
    {Reason::kDonorCredentials,      kDonor,     kAlone,     "the donor lets the clone account in",                DonorLetsIn},
    {Reason::kDonorPrivilege,        kDonor,     kAlone,     "the clone account's privileges on the donor",        DonorPrivileges},
    {Reason::kDonorAddress,          kDonor,     kAlone,     "CLONE can name the donor",                           DonorAddress},
    {Reason::kDonorIsRecipient,     kDonor,     kWithDonor, "donor and recipient are two servers",                DonorIsOther},
    {Reason::kOtherServer,          kDonor,     kWithDonor, "the servers are those that the records name",        ServersAreTheirOwn},
    {Reason::kDonorEmpty,           kDonor,     kWithDonor, "the donor holds data",                               DonorHoldsData},
    {Reason::kVersions,               kDonor,     kWithDonor, "the versions may clone from each other",             Versions},
    {Reason::kDonorPlugin,           kDonor,     kWithDonor, "the donor's clone plugin is active",                 DonorPlugin},
    {Reason::kDonorTls,              kDonor,     kWithDonor, "the donor takes the link as it is to be",            DonorTls},
    {Reason::kDonorPacket,           kDonor,     kWithDonor, "the donor's max_allowed_packet",                     DonorPacket},
    {Reason::kDonorBusy,             kDonor,     kWithDonor, "the donor is not being cloned",                      DonorIsFree},
    {Reason::kRedoLogDisabled,      kDonor,     kWithDonor, "the donor writes its redo log",                      DonorRedoLog},
    {Reason::kDonorConnections,      kDonor,     kWithDonor, "the donor has connections left",                     DonorConnections},
    {Reason::kDonorDdl,              kDonor,     kWithDonor, "no DDL is under way on the donor",                   DonorDdl},
    {Reason::kOperatingSystem,       kDonor,     kWithDonor, "version_compile_os is the same",                     OperatingSystem},
    {Reason::kArchitecture,           kDonor,     kWithDonor, "version_compile_machine is the same",                Architecture},
    {Reason::kPageSize,              kDonor,     kWithDonor, "innodb_page_size is the same",                       PageSize},
    {Reason::kLowerCaseTableNames, kDonor,     kWithDonor, "lower_case_table_names is the same",                 LowerCaseTableNames},
    {Reason::kCharacterSets,         kDonor,     kWithDonor, "server and file system character sets are the same", CharacterSets},
    {Reason::kCollations,             kDonor,     kWithDonor, "the recipient knows the donor's collations",         Collations},
    {Reason::kDataFilePath,         kDonor,     kWithDonor, "innodb_data_file_path fits",                         SystemTablespace},
    {Reason::kPlugins,                kDonor,     kWithDonor, "the recipient can load the donor's plugins",         Plugins},
    {Reason::kClonePluginLoading,   kRecipient, kWithDonor, "the clone plugin outlives the clone",                ClonePluginStays},
    {Reason::kRecipientOptions,     kRecipient, kWithDonor, "mysqld starts with its options on the copy",         OptionsStayKnown},
    {Reason::kAgentAccount,          kDonor,     kWithDonor, "the agent can log in with the donor's accounts",     AgentAccount},
    {Reason::kDiskSpace,             kRecipient, kWithDonor, "free space for the donor's data",                    DiskSpace},
    {Reason::kTablespacePaths,       kRecipient, kWithDonor, "places of the donor's data files",                   TablespacePaths},
    {Reason::kNonInnodbTables,      kDonor,     kWithDonor, "the donor's tables are InnoDB's",                    NonInnodbTables},
    {Reason::kCloneSslFiles,        kRecipient, kWithDonor, "the files that clone_ssl_* name",                    CloneSsl},
    {Reason::kEncryption,             kRecipient, kWithDonor, "TLS and keyring for encrypted data",                 Encryption},
    {Reason::kGtidMode,              kDonor,     kWithDonor, "gtid_mode is ON",                                    GtidMode},
    {Reason::kServerId,              kRecipient, kWithDonor, "the recipient has a server_id of its own",           ServerIds},
    {Reason::kReplicationAccount,    kSource,    kWithDonor, "the replication account on the source",              ReplicationAccount},
    {Reason::kDonorReplication,      kDonor,     kWithDonor, "the donor's replication is whole",                   DonorReplication},
    {Reason::kDonorLag,              kDonor,     kWithDonor, "how old the donor's data is",                        DonorLag},
    {Reason::kDonorBehind,          kDonor,     kWithDonor, "the donor lacks only what its lag explains",         DonorIsUpToDate},
    {Reason::kErrantTransactions,    kDonor,     kWithDonor, "the primary has the donor's transactions",           ErrantTransactions},
    {Reason::kRecipientTransactions, kRecipient, kWithDonor, "others have the recipient's transactions",           RecipientTransactions},
    {Reason::kReplicationSettings,  kRecipient, kWithDonor, "replication settings that the rebuild removes",      ReplicationSettingsStay},
    {Reason::kSemiSync,              kRecipient, kAlone,     "the primary keeps enough acknowledgers",             SemiSyncStays},
    {Reason::kSourceBinlogs,         kSource,    kWithDonor, "binary logs from the donor's data on",               SourceBinlogs},
};
// clang-format on

// For an answer that did not come: every finding is the donor's.
CheckResult NotAsked(const Check& check) {
  return {std::string(RowOf(check.id).word),
          CheckSide::kDonor,
          CheckOutcome::kUnchecked,
          check.looks_at,
          kDonorNotAsked,
          ""};
}

CheckResult Judge(const Check& check, const PreflightFacts& facts) {
  if (check.needs == Needs::kDonor && !facts.donor.ok()) return NotAsked(check);
  Verdict verdict = check.judge(facts);
  // A donor that is silent is itself the fault.
  if (verdict.outcome == CheckOutcome::kUnchecked && verdict.found != kDonorNotAsked) {
    absl::StrAppend(&verdict.remedy, kOrAllow, RowOf(check.id).word);
  }
  return {std::string(RowOf(check.id).word),
          verdict.side.value_or(check.side),
          verdict.outcome,
          check.looks_at,
          std::move(verdict.found),
          std::move(verdict.remedy)};
}

using Results = std::vector<const CheckResult*>;

// The findings that stop an operation, the fatal ones first. Checks that are unchecked because the
// donor is silent are left out: the silence itself is fatal.
Results Stopping(const std::vector<CheckResult>& results, const Allowances& allow) {
  Results stopping;
  for (const CheckResult& result : results) {
    if (result.outcome == CheckOutcome::kFatal) stopping.push_back(&result);
  }
  const bool silent = std::any_of(stopping.begin(), stopping.end(), [](const CheckResult* fatal) {
    return fatal->side == CheckSide::kDonor;
  });
  for (const CheckResult& result : results) {
    const bool implied = silent && result.found == kDonorNotAsked;
    const bool counts = result.outcome == CheckOutcome::kUnchecked && !allow.Unchecked(result.id);
    if (counts && !implied) stopping.push_back(&result);
  }
  return stopping;
}

absl::StatusCode CodeOf(const CheckResult& result) {
  if (result.outcome != CheckOutcome::kFatal) return absl::StatusCode::kFailedPrecondition;
  const Reason reason = ParseReason(result.id);
  return reason == Reason::kNone ? absl::StatusCode::kFailedPrecondition : RowOf(reason).code;
}

// Its remedy without the flag that allows it.
absl::string_view CureOf(const CheckResult& result) {
  const absl::string_view remedy = result.remedy;
  return remedy.substr(0, remedy.rfind(kOrAllow));
}

// Several checks may lack the same thing: its remedy is shown once, after the last of them.
std::string Describe(const Results& stopping) {
  std::vector<std::string> texts;
  std::vector<std::string> allowable;
  for (size_t i = 0; i < stopping.size(); ++i) {
    const CheckResult& result = *stopping[i];
    const absl::string_view cure = CureOf(result);
    const bool told_later =
        std::any_of(stopping.begin() + static_cast<std::ptrdiff_t>(i) + 1, stopping.end(),
                    [&](const CheckResult* later) { return CureOf(*later) == cure; });
    const bool tell = !told_later && !cure.empty();
    texts.push_back(absl::StrCat(result.found, tell ? "; " : "", tell ? cure : ""));
    if (result.outcome == CheckOutcome::kUnchecked) allowable.push_back(result.id);
  }
  std::string text = absl::StrJoin(texts, "; and ");
  const bool allow = allowable.size() == stopping.size();
  if (allow) absl::StrAppend(&text, kOrAllow, absl::StrJoin(allowable, ","));
  return text;
}

}  // namespace

std::vector<CheckResult> Preflight(const PreflightFacts& facts) {
  std::vector<CheckResult> results;
  for (const Check& check : kChecks) results.push_back(Judge(check, facts));
  return results;
}

absl::Status RequireChecks(const Allowances& allow) {
  for (const std::string& word : allow.unchecked) {
    const bool known = std::any_of(std::begin(kChecks), std::end(kChecks), [&](const Check& check) {
      return RowOf(check.id).word == word;
    });
    if (known || word == kAllChecks) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        word, " is no check of preflight: take the words that graftctl preflight shows"));
  }
  return absl::OkStatus();
}

std::vector<CheckResult> PreflightOf(const std::set<Reason>& ids, const PreflightFacts& facts) {
  std::vector<CheckResult> results;
  for (const Check& check : kChecks) {
    if (ids.count(check.id) > 0) results.push_back(Judge(check, facts));
  }
  return results;
}

absl::Status FindingsToStatus(const std::vector<CheckResult>& results, const Allowances& allow) {
  const Results stopping = Stopping(results, allow);
  if (stopping.empty()) return absl::OkStatus();
  return WithReason(absl::Status(CodeOf(*stopping.front()), Describe(stopping)),
                    ParseReason(stopping.front()->id));
}

bool OnlyDonorIsAtFault(const std::vector<CheckResult>& results, const Allowances& allow) {
  const Results stopping = Stopping(results, allow);
  return !stopping.empty() &&
         std::all_of(stopping.begin(), stopping.end(),
                     [](const CheckResult* result) { return result->side == CheckSide::kDonor; });
}

}  // namespace graft
