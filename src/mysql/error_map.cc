#include "mysql/error_map.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "graft/mysql_server.h"

namespace graft {
namespace {

using Code = absl::StatusCode;

constexpr int kCloneDonor = 3862;

struct Meaning {
  int error_no;
  absl::string_view in_text;  // only if MySQL's text has this in it; "": always
  Code code;
  absl::string_view reason;
  absl::string_view advice;
};

// What this server, or the way to it, says.
constexpr Meaning kHere[] = {
    {3707, "", Code::kUnavailable, kReasonMysqlGone,
     "nobody restarts this mysqld: start it, and the clone is completed then"},
    {1053, "", Code::kUnavailable, kReasonMysqlGone, "wait until mysqld is up again"},
    {1077, "", Code::kUnavailable, kReasonMysqlGone, "wait until mysqld is up again"},
    {1079, "", Code::kUnavailable, kReasonMysqlGone, "wait until mysqld is up again"},
    {2002, "", Code::kUnavailable, kReasonMysqlGone, "is mysqld running, and listening there?"},
    {2003, "", Code::kUnavailable, kReasonMysqlGone, "is mysqld running, and listening there?"},
    {2006, "", Code::kUnavailable, kReasonMysqlGone, "the connection was lost"},
    {2013, "", Code::kUnavailable, kReasonMysqlGone, "the connection was lost"},
    {2055, "", Code::kUnavailable, kReasonMysqlGone, "the connection was lost"},
    {4031, "", Code::kUnavailable, kReasonMysqlGone, "the connection was idle for too long"},
    {2005, "", Code::kUnavailable, "MYSQL_HOST_UNKNOWN", "check the host name and the resolver"},
    {1040, "", Code::kUnavailable, "TOO_MANY_CONNECTIONS", "raise max_connections"},
    {1203, "", Code::kUnavailable, "TOO_MANY_CONNECTIONS", "raise max_user_connections"},
    {1129, "", Code::kUnavailable, "HOST_BLOCKED", "run FLUSH HOSTS or mysqladmin flush-hosts"},
    {3032, "", Code::kUnavailable, "OFFLINE_MODE", "turn offline_mode off"},
    {1045, "", Code::kUnauthenticated, "BAD_CREDENTIALS", "check the user and its password"},
    {1130, "", Code::kUnauthenticated, "BAD_CREDENTIALS", "no account allows this host"},
    {1698, "", Code::kUnauthenticated, "BAD_CREDENTIALS", "check the user and its password"},
    {1820, "", Code::kUnauthenticated, "PASSWORD_EXPIRED", "give the account a new password"},
    {1862, "", Code::kUnauthenticated, "PASSWORD_EXPIRED", "give the account a new password"},
    {3118, "", Code::kUnauthenticated, "ACCOUNT_LOCKED", "unlock the account"},
    {2026, "", Code::kUnauthenticated, "TLS_REFUSED", "check the CA file and mysqld's certificate"},
    {3159, "", Code::kUnauthenticated, "TLS_REQUIRED",
     "mysqld has require_secure_transport on: connect with TLS"},
    {1059, "", Code::kInvalidArgument, "NAME_TOO_LONG", "shorten it"},
    {2059, "", Code::kUnauthenticated, "AUTH_PLUGIN",
     "the client library lacks the account's authentication plugin"},
    {1044, "", Code::kPermissionDenied, "PRIVILEGE_MISSING", "grant it to the account"},
    {1142, "", Code::kPermissionDenied, "PRIVILEGE_MISSING", "grant it to the account"},
    {1227, "", Code::kPermissionDenied, "PRIVILEGE_MISSING", "grant it to the account"},
    {1370, "", Code::kPermissionDenied, "PRIVILEGE_MISSING", "grant it to the account"},
    {1095, "", Code::kPermissionDenied, "PRIVILEGE_MISSING", "grant CONNECTION_ADMIN"},
    {3630, "", Code::kPermissionDenied, "PRIVILEGE_MISSING", "grant it to the account"},
    {1094, "", Code::kNotFound, "NO_SUCH_CONNECTION", "it has ended already"},
    {1146, "clone_", Code::kFailedPrecondition, "CLONE_PLUGIN_MISSING",
     "put plugin-load-add=mysql_clone.so into mysqld's configuration"},
    {1193, "clone_", Code::kFailedPrecondition, "CLONE_PLUGIN_MISSING",
     "put plugin-load-add=mysql_clone.so into mysqld's configuration"},
    {1524, "clone", Code::kFailedPrecondition, "CLONE_PLUGIN_MISSING",
     "put plugin-load-add=mysql_clone.so into mysqld's configuration"},
    {1126, "mysql_clone", Code::kFailedPrecondition, "CLONE_PLUGIN_MISSING",
     "mysqld's plugin_dir has no mysql_clone.so that fits it"},
    {1125, "", Code::kAlreadyExists, kReasonPluginExists, "it is installed already"},
    {1968, "", Code::kAlreadyExists, kReasonPluginExists, "it is installed already"},
    {1193, "", Code::kInvalidArgument, "NO_SUCH_VARIABLE", "check its name and mysqld's version"},
    {1231, "", Code::kInvalidArgument, "BAD_VARIABLE_VALUE", "the variable refuses this value"},
    {1232, "", Code::kInvalidArgument, "BAD_VARIABLE_VALUE", "the variable has another type"},
    {1238, "", Code::kInvalidArgument, "READ_ONLY_VARIABLE", "it can be set at start only"},
    {3634, "", Code::kResourceExhausted, "CLONE_RUNNING_HERE",
     "a clone runs on this server already: wait for its end"},
    {3863, "", Code::kFailedPrecondition, "CLONE_PROTOCOL",
     "donor and recipient do not understand each other: compare their versions"},
    {3864, "", Code::kFailedPrecondition, "DONOR_VERSION", "upgrade the older of the two"},
    {3865, "", Code::kFailedPrecondition, "DONOR_OS", "choose a donor on the same system"},
    {3866, "", Code::kFailedPrecondition, "DONOR_PLATFORM", "choose a donor on the same hardware"},
    {3867, "", Code::kFailedPrecondition, "DONOR_CHARSET",
     "the recipient lacks a character set of the donor's"},
    {3868, "", Code::kFailedPrecondition, "DONOR_CONFIG",
     "give donor and recipient the same setting"},
    {3869, "clone_valid_donor_list", Code::kFailedPrecondition, "DONOR_NOT_LISTED",
     "the donor must be in clone_valid_donor_list as host:port, letter by letter"},
    {3869, "", Code::kFailedPrecondition, "SYSTEM_CONFIG",
     "give donor and recipient the same setting"},
    {3870, "", Code::kFailedPrecondition, "DONOR_PLUGINS",
     "install on the recipient every plugin that is active on the donor"},
    {3871, "", Code::kFailedPrecondition, "DONOR_IS_SELF", "choose another donor"},
    {3872, "", Code::kFailedPrecondition, "ENCRYPTION_NEEDS_TLS", "clone with REQUIRE SSL"},
    {3873, "", Code::kResourceExhausted, "DISK_TOO_SMALL", "make room in the data directory"},
    {1021, "", Code::kResourceExhausted, "DISK_TOO_SMALL", "make room in the data directory"},
    {1026, "No space", Code::kResourceExhausted, "DISK_TOO_SMALL",
     "the disk filled up: make room in the data directory"},
    {3, "No space", Code::kResourceExhausted, "DISK_TOO_SMALL",
     "the disk filled up: make room in the data directory"},
    {3875, "", Code::kFailedPrecondition, "GROUP_REPLICATION", "stop group replication first"},
    {3957, "", Code::kFailedPrecondition, "PACKET_TOO_SMALL",
     "max_allowed_packet must be at least 2 MiB"},
    {3983, "", Code::kFailedPrecondition, "REDO_LOG_DISABLED",
     "run ALTER INSTANCE ENABLE INNODB REDO_LOG"},
    {1290, "read-only", Code::kFailedPrecondition, "READ_ONLY",
     "turn super_read_only off, as CLONE needs it"},
    {1290, "", Code::kFailedPrecondition, "SERVER_OPTION", "start mysqld without this option"},
    {1836, "", Code::kFailedPrecondition, "INNODB_READ_ONLY",
     "start mysqld without innodb_force_recovery and innodb_read_only"},
    {1205, "", Code::kUnavailable, "LOCK_WAIT",
     "a transaction or a backup lock is in the way: end it, then try again"},
    {1525, "", Code::kFailedPrecondition, "TABLESPACE_PATH",
     "the donor has a tablespace outside of the recipient's innodb_directories"},
    {1317, "", Code::kCancelled, "CLONE_KILLED", "somebody killed the statement"},
    {1158, "", Code::kUnavailable, "CLONE_NETWORK", "the link to the donor broke"},
    {1159, "", Code::kUnavailable, "CLONE_NETWORK", "the link to the donor broke"},
    {1160, "", Code::kUnavailable, "CLONE_NETWORK", "the link to the donor broke"},
    {1161, "", Code::kUnavailable, "CLONE_NETWORK", "the link to the donor broke"},
    {1815, "Recovery failed", Code::kUnavailable, "RECOVERY_FAILED",
     "the server could not start on the copy and went back to what was left; see its error log"},
    {1815, "Encrypt Key", Code::kFailedPrecondition, "KEYRING_MISSING",
     "the donor's data is encrypted: give the recipient a keyring"},
    {1815, "", Code::kInternal, "CLONE_INTERNAL", "see mysqld's error log"},
    {1200, "", Code::kFailedPrecondition, "NO_REPLICATION_SOURCE", "name a source first"},
    {1777, "", Code::kFailedPrecondition, "GTID_MODE_OFF", "set gtid_mode = ON"},
    {1871, "", Code::kFailedPrecondition, "REPLICATION_METADATA", "run RESET REPLICA ALL"},
    {1872, "", Code::kFailedPrecondition, "REPLICATION_METADATA", "run RESET REPLICA ALL"},
};

// What the donor says, wrapped in 3862.
constexpr Meaning kDonor[] = {
    {3634, "", Code::kResourceExhausted, "DONOR_BUSY",
     "the donor serves another clone: wait, or choose another donor"},
    {1040, "", Code::kResourceExhausted, "DONOR_BUSY",
     "the donor has too many connections: wait, or raise its max_connections"},
    {1045, "", Code::kUnauthenticated, "DONOR_CREDENTIALS",
     "check the clone user and its password on the donor"},
    {1130, "", Code::kUnauthenticated, "DONOR_CREDENTIALS",
     "the donor has no account for the recipient's host"},
    {3118, "", Code::kUnauthenticated, "DONOR_CREDENTIALS", "unlock the clone user on the donor"},
    {2026, "", Code::kUnauthenticated, "DONOR_TLS",
     "check clone_ssl_ca and the donor's certificate"},
    {3159, "", Code::kUnauthenticated, "DONOR_TLS", "the donor wants TLS: clone with REQUIRE SSL"},
    {1227, "", Code::kPermissionDenied, "DONOR_PRIVILEGE",
     "grant BACKUP_ADMIN to the clone user on the donor"},
    {1524, "", Code::kFailedPrecondition, "DONOR_PLUGIN_MISSING",
     "load mysql_clone.so on the donor"},
    {3871, "", Code::kFailedPrecondition, "DONOR_IS_SELF", "choose another donor"},
    {3872, "", Code::kFailedPrecondition, "ENCRYPTION_NEEDS_TLS", "clone with REQUIRE SSL"},
    {3957, "", Code::kFailedPrecondition, "PACKET_TOO_SMALL",
     "the donor's max_allowed_packet must be at least 2 MiB"},
    {3983, "", Code::kFailedPrecondition, "DONOR_REDO_LOG_DISABLED",
     "run ALTER INSTANCE ENABLE INNODB REDO_LOG on the donor"},
    {1205, "", Code::kUnavailable, "DONOR_DDL", "a DDL statement or backup holds up the donor"},
    {3633, "", Code::kUnavailable, "DONOR_DDL", "a DDL statement ran on the donor"},
    {1053, "", Code::kUnavailable, "DONOR_LOST", "the donor shut down"},
    {1317, "", Code::kUnavailable, "DONOR_LOST", "the donor shut down or killed the clone"},
    {1815, "", Code::kUnavailable, "DONOR_LOST", "the donor lost the clone's snapshot"},
    {2002, "", Code::kUnavailable, "DONOR_UNREACHABLE", "is the donor's mysqld up and reachable?"},
    {2003, "", Code::kUnavailable, "DONOR_UNREACHABLE", "is the donor's mysqld up and reachable?"},
    {2005, "", Code::kUnavailable, "DONOR_UNREACHABLE", "the donor's host name is unknown here"},
    {2006, "", Code::kUnavailable, "DONOR_UNREACHABLE", "the link to the donor broke"},
    {2013, "", Code::kUnavailable, "DONOR_UNREACHABLE", "the link to the donor broke"},
    {1158, "", Code::kUnavailable, "DONOR_UNREACHABLE", "the link to the donor broke"},
    {1159, "", Code::kUnavailable, "DONOR_UNREACHABLE", "the link to the donor broke"},
    {1160, "", Code::kUnavailable, "DONOR_UNREACHABLE", "the link to the donor broke"},
    {1161, "", Code::kUnavailable, "DONOR_UNREACHABLE", "the link to the donor broke"},
};

template <size_t n>
const Meaning* Find(const Meaning (&table)[n], int error_no, absl::string_view text) {
  for (const Meaning& meaning : table) {
    if (meaning.error_no == error_no && absl::StrContains(text, meaning.in_text)) return &meaning;
  }
  return nullptr;
}

}  // namespace

std::optional<DonorError> ParseDonorError(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "Clone Donor Error: ")) return std::nullopt;
  DonorError error;
  error.connect_failed = absl::ConsumePrefix(&text, "Connect failed: ");
  const size_t colon = text.find(" : ");
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(0, colon), &error.code)) {
    return std::nullopt;
  }
  error.text = std::string(absl::StripSuffix(text.substr(colon + 3), "."));
  return error;
}

absl::Status FromMysqlError(int error_no, absl::string_view text, absl::string_view doing) {
  const std::string full = absl::StrCat(doing, ": MySQL error ", error_no, ": ", text);
  const Meaning* meaning = nullptr;
  std::string unknown = absl::StrCat("MYSQL_", error_no);
  if (error_no == kCloneDonor) {
    if (const auto donor = ParseDonorError(text)) {
      meaning = Find(kDonor, donor->code, donor->text);
      unknown = absl::StrCat("DONOR_MYSQL_", donor->code);
    }
  } else {
    meaning = Find(kHere, error_no, text);
  }
  if (meaning == nullptr) return WithReason(absl::InternalError(full), unknown);
  return WithReason(absl::Status(meaning->code, absl::StrCat(full, " (", meaning->advice, ")")),
                    meaning->reason);
}

}  // namespace graft
