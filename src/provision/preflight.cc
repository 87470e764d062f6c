#include "provision/preflight.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/server_version.h"

namespace graft {
namespace {

using Problem = std::optional<std::string>;

Problem Versions(const PreflightFacts& facts) {
  const auto recipient = ServerVersion::Parse(facts.recipient.version);
  const auto donor = ServerVersion::Parse(facts.donor.version);
  if (!recipient.ok()) return std::string(recipient.status().message());
  if (!donor.ok()) return std::string(donor.status().message());
  const absl::Status allowed = CheckCloneVersions(*recipient, *donor);
  if (allowed.ok()) return std::nullopt;
  return std::string(allowed.message());
}

Problem PluginActive(const ServerFacts& server, absl::string_view who) {
  if (absl::EqualsIgnoreCase(server.clone_plugin_status, "ACTIVE")) return std::nullopt;
  return absl::StrCat(
      "the clone plugin of the ", who, " is ",
      server.clone_plugin_status.empty() ? "not installed" : server.clone_plugin_status,
      "; put plugin-load-add=mysql_clone.so into its my.cnf and restart it, or "
      "INSTALL PLUGIN clone SONAME 'mysql_clone.so'");
}

Problem RecipientPlugin(const PreflightFacts& facts) {
  return PluginActive(facts.recipient, "recipient");
}

Problem DonorPlugin(const PreflightFacts& facts) {
  return PluginActive(facts.donor, "donor");
}

// MySQL never compares it: CLONE "succeeds", and then the recipient cannot start (MY-011087).
Problem LowerCaseTableNames(const PreflightFacts& facts) {
  const int recipient = facts.recipient.lower_case_table_names;
  const int donor = facts.donor.lower_case_table_names;
  if (recipient == donor) return std::nullopt;
  return absl::StrCat("lower_case_table_names is ", recipient, " on the recipient and ", donor,
                      " on the donor; the recipient could not start on the donor's data: "
                      "initialise it anew with ",
                      donor);
}

Problem DonorIsOther(const PreflightFacts& facts) {
  if (facts.recipient.server_uuid != facts.donor.server_uuid) return std::nullopt;
  return absl::StrCat("donor and recipient are the same server, or share the server_uuid ",
                      facts.donor.server_uuid, "; remove auto.cnf from one and restart it");
}

// What the topology does not know: a server that takes writes and follows nobody.
Problem RecipientIsNoPrimary(const PreflightFacts& facts) {
  const bool looks_like_one = !facts.recipient.read_only && facts.recipient_channels.empty() &&
                              !facts.recipient.user_schemas.empty();
  if (!looks_like_one) return std::nullopt;
  return "the recipient's server takes writes, holds data and follows nobody, as a primary does; "
         "if it is none, SET GLOBAL super_read_only=ON there and ask again";
}

Problem RecipientPrivileges(const PreflightFacts& facts) {
  if (facts.recipient.privileges.count("CLONE_ADMIN") > 0) return std::nullopt;
  return "the agent's account on the recipient lacks CLONE_ADMIN; GRANT CLONE_ADMIN ON *.* to it";
}

Problem DonorPrivileges(const PreflightFacts& facts) {
  if (facts.donor.privileges.count("BACKUP_ADMIN") > 0) return std::nullopt;
  return "the clone account on the donor lacks BACKUP_ADMIN; GRANT BACKUP_ADMIN ON *.* to it "
         "(on the shard's primary, so that every tablet has it)";
}

// A donor without GTIDs cannot be followed by auto-position.
Problem GtidMode(const PreflightFacts& facts) {
  if (facts.donor.gtid_mode == "ON" && facts.recipient.gtid_mode == "ON") return std::nullopt;
  return absl::StrCat("gtid_mode is ", facts.recipient.gtid_mode, " on the recipient and ",
                      facts.donor.gtid_mode,
                      " on the donor; both must be ON to replicate with "
                      "auto-position");
}

struct Check {
  const char* id;
  Problem (*look)(const PreflightFacts&);
};

constexpr Check kChecks[] = {
    {"RECIPIENT_IS_PRIMARY", RecipientIsNoPrimary},
    {"DONOR_IS_RECIPIENT", DonorIsOther},
    {"VERSIONS", Versions},
    {"RECIPIENT_PLUGIN", RecipientPlugin},
    {"DONOR_PLUGIN", DonorPlugin},
    {"RECIPIENT_PRIVILEGE", RecipientPrivileges},
    {"DONOR_PRIVILEGE", DonorPrivileges},
    {"LOWER_CASE_TABLE_NAMES", LowerCaseTableNames},
    {"GTID_MODE", GtidMode},
};

}  // namespace

std::vector<Finding> Preflight(const PreflightFacts& facts) {
  std::vector<Finding> findings;
  for (const Check& check : kChecks) {
    if (Problem problem = check.look(facts)) findings.push_back({check.id, *std::move(problem)});
  }
  return findings;
}

absl::Status FindingsToStatus(const std::vector<Finding>& findings) {
  if (findings.empty()) return absl::OkStatus();
  const std::string text =
      absl::StrJoin(findings, "; and ",
                    [](std::string* out, const Finding& finding) { out->append(finding.text); });
  return WithReason(absl::FailedPreconditionError(text), findings.front().check);
}

}  // namespace graft
