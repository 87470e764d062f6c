#include "mysql/error_map.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr int kCloneDonor = 3862;

struct Meaning {
  std::array<int, 6> errors;  // 0: none
  absl::string_view in_text;  // only if MySQL's text has this in it; "": always
  Reason reason;
  absl::string_view advice;
};

// clang-format off
// Errors of this server, or of the connection to it.
constexpr Meaning kHere[] = {
    {{3707}, "", Reason::kRestartNeeded,
     "nobody restarts this mysqld: start it, and the clone is completed then"},
    {{1053, 1077, 1079}, "", Reason::kMysqlGone, "wait until mysqld is up again"},
    {{2002, 2003}, "", Reason::kMysqlGone, "is mysqld running, and listening there?"},
    {{2006, 2013, 2055}, "", Reason::kMysqlGone, "the connection was lost"},
    {{4031}, "", Reason::kMysqlGone, "the connection was idle for too long"},
    {{2005}, "", Reason::kMysqlHostUnknown, "check the host name and the resolver"},
    {{1040}, "", Reason::kTooManyConnections, "raise max_connections"},
    {{1203}, "", Reason::kTooManyConnections, "raise max_user_connections"},
    {{1129}, "", Reason::kHostBlocked, "run FLUSH HOSTS or mysqladmin flush-hosts"},
    {{3032}, "", Reason::kOfflineMode, "turn offline_mode off"},
    {{1045, 1698}, "", Reason::kBadCredentials, "check the user and its password"},
    {{1130}, "", Reason::kBadCredentials, "no account allows this host"},
    {{1820, 1862}, "", Reason::kPasswordExpired, "give the account a new password"},
    {{3118}, "", Reason::kAccountLocked, "unlock the account"},
    {{2026}, "timed out", Reason::kMysqlGone, "mysqld, or the way to it, is slow or away"},
    {{2026}, "", Reason::kTlsRefused, "check the CA file and mysqld's certificate"},
    {{3159}, "", Reason::kTlsRequired, "mysqld has require_secure_transport on: connect with TLS"},
    {{1059}, "", Reason::kNameTooLong, "shorten it"},
    {{2059}, "", Reason::kAuthPlugin,
     "the client library lacks the account's authentication plugin"},
    {{1044, 1142, 1227, 1370, 3630}, "", Reason::kPrivilegeMissing, "grant it to the account"},
    {{1095}, "", Reason::kPrivilegeMissing, "grant CONNECTION_ADMIN"},
    {{1094}, "", Reason::kNoSuchConnection, "it has ended already"},
    {{1146, 1193}, "clone_", Reason::kClonePluginMissing,
     "put plugin-load-add=mysql_clone.so into mysqld's configuration"},
    {{1524}, "clone", Reason::kClonePluginMissing,
     "put plugin-load-add=mysql_clone.so into mysqld's configuration"},
    {{1126}, "mysql_clone", Reason::kClonePluginMissing,
     "mysqld's plugin_dir has no mysql_clone.so that fits it"},
    {{1125, 1968}, "", Reason::kPluginExists, "it is installed already"},
    {{1193}, "", Reason::kNoSuchVariable, "check its name and mysqld's version"},
    {{1231}, "", Reason::kBadVariableValue, "the variable refuses this value"},
    {{1232}, "", Reason::kBadVariableValue, "the variable has another type"},
    {{1238}, "", Reason::kReadOnlyVariable, "it can be set at start only"},
    {{3634}, "", Reason::kCloneRunningHere,
     "a clone runs on this server already: wait for its end"},
    {{3863}, "", Reason::kCloneProtocol,
     "donor and recipient do not understand each other: compare their versions"},
    {{3864}, "", Reason::kDonorVersion, "upgrade the older of the two"},
    {{3865}, "", Reason::kDonorOs, "choose a donor on the same system"},
    {{3866}, "", Reason::kDonorPlatform, "choose a donor on the same hardware"},
    {{3867}, "", Reason::kDonorCharset, "the recipient lacks a character set of the donor's"},
    {{3868}, "", Reason::kDonorConfig, "give donor and recipient the same setting"},
    {{3869}, "clone_valid_donor_list", Reason::kDonorNotListed,
     "the donor must be in clone_valid_donor_list as host:port, letter by letter"},
    {{3869}, "", Reason::kSystemConfig, "give donor and recipient the same setting"},
    {{3870}, "", Reason::kDonorPlugins,
     "install on the recipient every plugin that is active on the donor"},
    {{3871}, "", Reason::kDonorIsSelf, "choose another donor"},
    {{3872}, "", Reason::kEncryptionNeedsTls, "clone with REQUIRE SSL"},
    {{3873, 1021}, "", Reason::kDiskTooSmall, "make room in the data directory"},
    {{1026, 3}, "No space", Reason::kDiskTooSmall,
     "the disk filled up: make room in the data directory"},
    {{3875}, "", Reason::kGroupReplication, "stop group replication first"},
    {{3957}, "", Reason::kPacketTooSmall, "max_allowed_packet must be at least 2 MiB"},
    {{3983}, "", Reason::kRedoLogDisabled, "run ALTER INSTANCE ENABLE INNODB REDO_LOG"},
    {{1290}, "read-only", Reason::kReadOnly, "turn super_read_only off, as CLONE needs it"},
    {{1290}, "", Reason::kServerOption, "start mysqld without this option"},
    {{1836}, "", Reason::kInnodbReadOnly,
     "start mysqld without innodb_force_recovery and innodb_read_only"},
    {{1205}, "", Reason::kLockWait,
     "a transaction or a backup lock is in the way: end it, then try again"},
    {{1525}, "", Reason::kTablespacePath,
     "the donor has a tablespace outside of the recipient's innodb_directories"},
    {{1317}, "", Reason::kCloneKilled, "somebody killed the statement"},
    {{1158, 1159, 1160, 1161}, "", Reason::kCloneNetwork, "the link to the donor broke"},
    {{1815}, "Recovery failed", Reason::kRecoveryFailed,
     "the server could not start on the copy and went back to what was left; see its error log"},
    {{1815}, "Encrypt Key", Reason::kKeyringMissing,
     "the donor's data is encrypted: give the recipient a keyring"},
    {{1815}, "", Reason::kCloneInternal, "see mysqld's error log"},
    {{1875}, "", Reason::kReplicationStopping,
     "STOP REPLICA waits for the transaction that is being applied"},
    {{1876}, "", Reason::kReplicationStopping, "STOP REPLICA waits for the receiver"},
    {{1200}, "", Reason::kNoReplicationSource, "name a source first"},
    {{1777}, "", Reason::kGtidModeOff, "set gtid_mode = ON"},
    {{1871, 1872}, "", Reason::kReplicationMetadata, "run RESET REPLICA ALL"},
};

// The donor's errors, wrapped in 3862.
constexpr Meaning kDonor[] = {
    {{3634}, "", Reason::kDonorBusy,
     "the donor serves another clone: wait, or choose another donor"},
    {{1040}, "", Reason::kDonorBusy,
     "the donor has too many connections: wait, or raise its max_connections"},
    {{1045}, "", Reason::kDonorCredentials, "check the clone user and its password on the donor"},
    {{1130}, "", Reason::kDonorCredentials, "the donor has no account for the recipient's host"},
    {{3118}, "", Reason::kDonorCredentials, "unlock the clone user on the donor"},
    {{2026}, "", Reason::kDonorTls, "check clone_ssl_ca and the donor's certificate"},
    {{3159}, "", Reason::kDonorTls, "the donor wants TLS: clone with REQUIRE SSL"},
    {{1227}, "", Reason::kDonorPrivilege, "grant BACKUP_ADMIN to the clone user on the donor"},
    {{1524}, "", Reason::kDonorPluginMissing, "load mysql_clone.so on the donor"},
    {{3871}, "", Reason::kDonorIsSelf, "choose another donor"},
    {{3872}, "", Reason::kEncryptionNeedsTls, "clone with REQUIRE SSL"},
    {{3957}, "", Reason::kPacketTooSmall, "the donor's max_allowed_packet must be at least 2 MiB"},
    {{3983}, "", Reason::kDonorRedoLogDisabled,
     "run ALTER INSTANCE ENABLE INNODB REDO_LOG on the donor"},
    {{1205}, "", Reason::kDonorDdl, "a DDL statement or backup holds up the donor"},
    {{3633}, "", Reason::kDonorDdl, "a DDL statement ran on the donor"},
    {{1053}, "", Reason::kDonorLost, "the donor shut down"},
    {{1317}, "", Reason::kDonorLost, "the donor shut down, or somebody killed the clone there"},
    {{1815}, "", Reason::kDonorLost,
     "the donor was restarted, or somebody killed the clone's connections there"},
    {{2002, 2003}, "", Reason::kDonorUnreachable, "is the donor's mysqld up and reachable?"},
    {{2005}, "", Reason::kDonorUnreachable, "the donor's host name is unknown here"},
    {{2006, 2013, 1158, 1159, 1160, 1161}, "", Reason::kDonorUnreachable,
     "the link to the donor broke"},
};
// clang-format on

template <size_t n>
const Meaning* Find(const Meaning (&table)[n], int error_no, absl::string_view text) {
  for (const Meaning& meaning : table) {
    const bool named =
        std::find(meaning.errors.begin(), meaning.errors.end(), error_no) != meaning.errors.end();
    if (named && error_no != 0 && absl::StrContains(text, meaning.in_text)) return &meaning;
  }
  return nullptr;
}

// The number inside of 3862: "Clone Donor Error: [Connect failed: ]<number> : <text>."
std::optional<int> DonorErrorIn(absl::string_view text) {
  int number = 0;
  if (!absl::ConsumePrefix(&text, "Clone Donor Error: ")) return std::nullopt;
  absl::ConsumePrefix(&text, "Connect failed: ");
  const size_t colon = text.find(" : ");
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(0, colon), &number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

absl::Status FromMysqlError(int error_no, absl::string_view text, absl::string_view doing) {
  const std::string full = absl::StrCat(doing, ": MySQL error ", error_no, ": ", text);
  const Meaning* meaning = nullptr;
  if (error_no == kCloneDonor) {
    if (const std::optional<int> number = DonorErrorIn(text)) {
      meaning = Find(kDonor, *number, text);
      if (meaning == nullptr) {
        return WithReason(absl::InternalError(full), Reason::kDonorMysqlNumber, *number);
      }
    }
  } else {
    meaning = Find(kHere, error_no, text);
  }
  if (meaning == nullptr) {
    return WithReason(absl::InternalError(full), Reason::kMysqlNumber, error_no);
  }
  return Failure(meaning->reason, absl::StrCat(full, " (", meaning->advice, ")"));
}

}  // namespace graft
