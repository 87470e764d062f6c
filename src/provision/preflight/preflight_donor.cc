// Checks of the donor alone.

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

Verdict NotAsked() {
  return Unclear(kDonorNotAsked, "");
}

// The donor's account as it is meant in GRANT.
std::string CloneAccount(const PreflightFacts& facts) {
  const ServerSurvey& donor = *facts.donor;
  if (donor.account_user.empty()) return absl::StrCat("'", facts.clone_user, "'");
  return absl::StrCat("'", donor.account_user, "'@'", donor.account_host, "'");
}

bool IsDdl(const ServerSession& session) {
  constexpr std::array<absl::string_view, 8> kWords = {
      "ALTER ", "CREATE ", "DROP ", "TRUNCATE ", "RENAME ", "OPTIMIZE ", "IMPORT ", "REPAIR "};
  return std::any_of(kWords.begin(), kWords.end(), [&](absl::string_view word) {
    return absl::StartsWithIgnoreCase(session.statement, word);
  });
}

}  // namespace

Verdict DonorAnswers(const PreflightFacts& facts) {
  const absl::Status& status = facts.donor.status();
  const bool answers =
      status.ok() || absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
  if (answers) return Passed("it answers");
  return Fatal(std::string(status.message()),
               "start its mysqld, repair the network, or choose another donor");
}

Verdict DonorLetsIn(const PreflightFacts& facts) {
  const absl::Status& status = facts.donor.status();
  if (status.ok() || absl::IsPermissionDenied(status)) return Passed("it lets the account in");
  if (!absl::IsUnauthenticated(status)) return NotAsked();
  return Fatal(absl::StrCat(status.message(), " (account ", facts.clone_user, ")"),
               "compare the account's password and TLS on the donor with the agent's flags");
}

// Which of them a check needs, that check says; here they make one GRANT.
Verdict DonorPrivileges(const PreflightFacts& facts) {
  const absl::Status& status = facts.donor.status();
  if (absl::IsPermissionDenied(status)) {
    return Fatal(std::string(status.message()),
                 absl::StrCat("grant it to ", facts.clone_user, " on the shard's primary"));
  }
  if (!status.ok()) return NotAsked();
  std::vector<std::string> missing;
  for (const char* privilege : {"BACKUP_ADMIN", "PROCESS", "REPLICATION CLIENT", "SELECT"}) {
    if (!HasPrivilege(facts.donor->facts.privileges, privilege)) missing.emplace_back(privilege);
  }
  if (missing.empty()) return Passed("it has all it needs");
  const std::string list = absl::StrJoin(missing, ", ");
  std::string found = absl::StrCat("the clone account on the donor lacks ", list);
  std::string remedy = absl::StrCat("GRANT ", list, " ON *.* TO ", CloneAccount(facts),
                                    " on the shard's primary, so that every tablet has it");
  if (missing.front() == "BACKUP_ADMIN") return Fatal(std::move(found), std::move(remedy));
  return Warn(std::move(found), std::move(remedy));
}

// The grammar of CLONE and of clone_valid_donor_list: neither has a way to write these (3869).
Verdict DonorAddress(const PreflightFacts& facts) {
  const std::string address = facts.donor_mysql.ToString();
  if (facts.donor_mysql.host.find_first_of(", :[]") == std::string::npos) return Passed(address);
  return Fatal(absl::StrCat("CLONE cannot use the donor's address ", address,
                            ": neither an IPv6 address nor a blank or comma is allowed"),
               "register the donor's mysqld by host name or IPv4 address");
}

Verdict DonorPlugin(const PreflightFacts& facts) {
  return PluginIsActive(*facts.donor, "donor");
}

// 3862 with 3159.
Verdict DonorTls(const PreflightFacts& facts) {
  if (facts.clone_use_ssl) return Passed("the copy is encrypted on its way");
  const bool required = IsOn(*facts.donor, "require_secure_transport");
  if (!required) return Passed("the donor does not require TLS");
  return Fatal("the donor has require_secure_transport=ON, but the copy is configured without TLS",
               "give the agent --db-clone-use-ssl");
}

Verdict DonorPacket(const PreflightFacts& facts) {
  return PacketIsLargeEnough(*facts.donor, "donor");
}

// 3862 with 3983.
Verdict DonorRedoLog(const PreflightFacts& facts) {
  if (facts.donor->redo_log_enabled) return Passed("enabled");
  return Fatal("the donor's redo log is disabled",
               "ALTER INSTANCE ENABLE INNODB REDO_LOG there, once its bulk load is done");
}

// One connection for each thread, and one more.
Verdict DonorConnections(const PreflightFacts& facts) {
  const auto most = NumberOf(*facts.donor, "max_connections");
  const auto threads = facts.settings.max_concurrency.has_value()
                           ? std::optional<int64_t>(*facts.settings.max_concurrency)
                           : NumberOf(facts.recipient, "clone_max_concurrency");
  if (!most.has_value()) {
    return Warn("the donor does not show its max_connections", "see that it has connections left");
  }
  // Absent without the plugin, which has a check of its own.
  if (!threads.has_value()) return Passed(absl::StrCat("up to ", *most));
  const int64_t used =
      facts.donor->sessions.ok() ? static_cast<int64_t>(facts.donor->sessions->size()) : 0;
  const int64_t left = std::max<int64_t>(0, *most - used);
  if (left >= *threads + 1) return Passed(absl::StrCat(left, " of ", *most, " are free"));
  return Warn(absl::StrCat("the donor has ", left, " of ", *most, " connections left; a clone of ",
                           *threads, " threads takes up to ", *threads + 1),
              "ask for fewer threads with --max-concurrency, or raise its max_connections");
}

// A donor serves one clone at a time: 3862 with 3634.
Verdict DonorIsFree(const PreflightFacts& facts) {
  const auto& sessions = facts.donor->sessions;
  if (!sessions.ok()) {
    return Warn(absl::StrCat("whether the donor is being cloned cannot be seen: ",
                             sessions.status().message()),
                "this clone may have to wait for another's end");
  }
  const std::vector<std::string> clones = NameSessions(*sessions, IsClone);
  if (clones.empty()) return Passed("nobody clones it");
  // Tablets queue for a donor, and it refuses a second clone before anything is dropped (3634).
  return Warn(absl::StrCat("the donor is being cloned already, by session ", NameThem(clones)),
              "this clone waits for its end; choose another donor if that takes too long");
}

// Delays the clone or is delayed by it; up to 8.0.26 neither goes on beside the other.
Verdict DonorDdl(const PreflightFacts& facts) {
  const auto& sessions = facts.donor->sessions;
  if (!sessions.ok()) {
    return Warn(absl::StrCat("whether DDL is under way on the donor cannot be seen: ",
                             sessions.status().message()),
                "the clone may wait for it");
  }
  std::vector<std::string> ddl;
  std::vector<std::string> locked_out;
  for (const ServerSession& session : *sessions) {
    if (absl::StrContains(absl::AsciiStrToLower(session.state), "backup lock")) {
      locked_out.push_back(NameSession(session));
    } else if (IsDdl(session)) {
      ddl.push_back(absl::StrCat(NameSession(session), ": ", session.statement));
    }
  }
  if (!locked_out.empty()) {
    return Warn(absl::StrCat("somebody holds the donor's backup lock; these wait for it: ",
                             NameThem(locked_out)),
                "end the backup that holds it; the clone may wait for it for clone_ddl_timeout");
  }
  if (ddl.empty()) return Passed("none is under way");
  return Warn(absl::StrCat("DDL is under way on the donor: ", NameThem(ddl)),
              "the clone may wait for it; better begin once it is done");
}

}  // namespace graft
