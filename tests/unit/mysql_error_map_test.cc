#include "mysql/error_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

struct Case {
  int error_no;
  const char* text;
  Code code;
  const char* reason;
};

class ErrorMap : public ::testing::TestWithParam<Case> {};

TEST_P(ErrorMap, CodeAndReason) {
  const absl::Status status = FromMysqlError(GetParam().error_no, GetParam().text, "try it");
  EXPECT_EQ(status.code(), GetParam().code) << status;
  EXPECT_EQ(ReasonOf(status), GetParam().reason) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("try it: MySQL error "));
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Here, ErrorMap,
    ::testing::Values(
        Case{3707, "Restart server failed", Code::kUnavailable, "RESTART_NEEDED"},
        Case{1053, "Server shutdown in progress", Code::kUnavailable, "MYSQL_GONE"},
        Case{2002, "Can't connect", Code::kUnavailable, "MYSQL_GONE"},
        Case{2003, "Can't connect", Code::kUnavailable, "MYSQL_GONE"},
        Case{2006, "gone away", Code::kUnavailable, "MYSQL_GONE"},
        Case{2013, "Lost connection", Code::kUnavailable, "MYSQL_GONE"},
        Case{4031, "inactivity", Code::kUnavailable, "MYSQL_GONE"},
        Case{1040, "Too many connections", Code::kUnavailable, "TOO_MANY_CONNECTIONS"},
        Case{1045, "Access denied", Code::kUnauthenticated, "BAD_CREDENTIALS"},
        Case{2026, "TLS", Code::kUnauthenticated, "TLS_REFUSED"},
        Case{2026, "TLS/SSL error: Connection timed out", Code::kUnavailable, "MYSQL_GONE"},
        Case{3159, "insecure transport", Code::kUnauthenticated, "TLS_REQUIRED"},
        Case{1044, "Access denied", Code::kPermissionDenied, "PRIVILEGE_MISSING"},
        Case{1142, "denied for 'clone_status'", Code::kPermissionDenied, "PRIVILEGE_MISSING"},
        Case{1227, "you need CLONE_ADMIN", Code::kPermissionDenied, "PRIVILEGE_MISSING"},
        Case{1370, "denied", Code::kPermissionDenied, "PRIVILEGE_MISSING"},
        Case{1026, "Error writing file 'x' (OS errno 28 - No space left on device)",
             Code::kResourceExhausted, "DISK_TOO_SMALL"},
        Case{1026, "Error writing file 'x' (OS errno 5 - Input/output error)", Code::kInternal,
             "MYSQL_1026"},
        Case{1094, "Unknown thread id: 9", Code::kNotFound, "NO_SUCH_CONNECTION"},
        Case{1524, "Plugin 'clone' is not loaded", Code::kFailedPrecondition,
             "CLONE_PLUGIN_MISSING"},
        Case{1146, "Table 'performance_schema.clone_status' doesn't exist",
             Code::kFailedPrecondition, "CLONE_PLUGIN_MISSING"},
        Case{1146, "Table 'a.b' doesn't exist", Code::kInternal, "MYSQL_1146"},
        Case{1193, "Unknown system variable 'clone_valid_donor_list'", Code::kFailedPrecondition,
             "CLONE_PLUGIN_MISSING"},
        Case{1126, "Can't open shared library '/p/mysql_clone.so'", Code::kFailedPrecondition,
             "CLONE_PLUGIN_MISSING"},
        Case{1126, "Can't open shared library '/p/other.so'", Code::kInternal, "MYSQL_1126"},
        Case{1125, "Function 'clone' already exists", Code::kAlreadyExists, "PLUGIN_EXISTS"},
        Case{1968, "Plugin 'clone' already installed", Code::kAlreadyExists, "PLUGIN_EXISTS"},
        Case{1815, "Recovery failed. Please Retry Clone.", Code::kUnavailable, "RECOVERY_FAILED"},
        Case{1193, "Unknown system variable 'x'", Code::kInvalidArgument, "NO_SUCH_VARIABLE"},
        Case{1231, "can't be set", Code::kInvalidArgument, "BAD_VARIABLE_VALUE"},
        Case{3634, "Too many concurrent clone", Code::kResourceExhausted, "CLONE_RUNNING_HERE"},
        Case{3864, "version", Code::kFailedPrecondition, "DONOR_VERSION"},
        Case{3865, "os", Code::kFailedPrecondition, "DONOR_OS"},
        Case{3866, "platform", Code::kFailedPrecondition, "DONOR_PLATFORM"},
        Case{3867, "charset", Code::kFailedPrecondition, "DONOR_CHARSET"},
        Case{3868, "config", Code::kFailedPrecondition, "DONOR_CONFIG"},
        Case{3869, "innodb_data_file_path: x", Code::kFailedPrecondition, "SYSTEM_CONFIG"},
        Case{3869, "a:1 is not found in clone_valid_donor_list: b:2", Code::kFailedPrecondition,
             "DONOR_NOT_LISTED"},
        Case{3870, "plugin", Code::kFailedPrecondition, "DONOR_PLUGINS"},
        Case{3871, "loopback", Code::kFailedPrecondition, "DONOR_IS_SELF"},
        Case{3872, "encryption", Code::kFailedPrecondition, "ENCRYPTION_NEEDS_TLS"},
        Case{3873, "space", Code::kResourceExhausted, "DISK_TOO_SMALL"},
        Case{3957, "packet", Code::kFailedPrecondition, "PACKET_TOO_SMALL"},
        Case{3983, "redo", Code::kFailedPrecondition, "REDO_LOG_DISABLED"},
        Case{1290, "running with the --super-read-only option", Code::kFailedPrecondition,
             "READ_ONLY"},
        Case{1290, "running with the --skip-grant-tables option", Code::kFailedPrecondition,
             "SERVER_OPTION"},
        Case{1836, "Running in read-only mode", Code::kFailedPrecondition, "INNODB_READ_ONLY"},
        Case{1205, "Lock wait timeout exceeded", Code::kUnavailable, "LOCK_WAIT"},
        Case{1317, "Query execution was interrupted", Code::kCancelled, "CLONE_KILLED"},
        Case{1158, "reading", Code::kUnavailable, "CLONE_NETWORK"},
        Case{1161, "writing", Code::kUnavailable, "CLONE_NETWORK"},
        Case{1815, "Internal error: Innodb Clone Apply Failed to Encrypt Key",
             Code::kFailedPrecondition, "KEYRING_MISSING"},
        Case{1815, "Internal error: other", Code::kInternal, "CLONE_INTERNAL"},
        Case{1200, "not configured as replica", Code::kFailedPrecondition, "NO_REPLICATION_SOURCE"},
        Case{1872, "failed to initialize", Code::kFailedPrecondition, "REPLICATION_METADATA"}));

INSTANTIATE_TEST_SUITE_P(
    Donor, ErrorMap,
    ::testing::Values(
        Case{3862, "Clone Donor Error: 3634 : Too many concurrent clone operations.",
             Code::kResourceExhausted, "DONOR_BUSY"},
        Case{3862, "Clone Donor Error: Connect failed: 2003 : Can't connect to 'x:1' (111).",
             Code::kUnavailable, "DONOR_UNREACHABLE"},
        Case{3862, "Clone Donor Error: Connect failed: 2005 : Unknown MySQL server host.",
             Code::kUnavailable, "DONOR_UNREACHABLE"},
        Case{3862, "Clone Donor Error: Connect failed: 1045 : Access denied.",
             Code::kUnauthenticated, "DONOR_CREDENTIALS"},
        Case{3862, "Clone Donor Error: Connect failed: 3159 : insecure transport.",
             Code::kUnauthenticated, "DONOR_TLS"},
        Case{3862, "Clone Donor Error: Connect failed: 2026 : SSL.", Code::kUnauthenticated,
             "DONOR_TLS"},
        Case{3862, "Clone Donor Error: 1227 : Access denied; you need BACKUP_ADMIN.",
             Code::kPermissionDenied, "DONOR_PRIVILEGE"},
        Case{3862, "Clone Donor Error: 1524 : Plugin 'clone' is not loaded.",
             Code::kFailedPrecondition, "DONOR_PLUGIN_MISSING"},
        Case{3862, "Clone Donor Error: 3871 : Clone loopback.", Code::kFailedPrecondition,
             "DONOR_IS_SELF"},
        Case{3862, "Clone Donor Error: 1317 : Query execution was interrupted.", Code::kUnavailable,
             "DONOR_LOST"},
        Case{3862, "Clone Donor Error: 4711 : new.", Code::kInternal, "DONOR_MYSQL_4711"},
        Case{3862, "a text of another shape", Code::kInternal, "MYSQL_3862"}));

TEST(ErrorMapTexts, UnknownAndZeroAreNeverOk) {
  EXPECT_EQ(FromMysqlError(0, "?", "x").code(), Code::kInternal);
  EXPECT_EQ(ReasonOf(FromMysqlError(4711, "?", "x")), "MYSQL_4711");
}

TEST(ErrorMapTexts, InnerErrorIsTakenApart) {
  const auto reason = [](const char* text) {
    return ReasonOf(FromMysqlError(3862, text, "clone"));
  };
  EXPECT_EQ(reason("Clone Donor Error: Connect failed: 2003 : no : way."), "DONOR_UNREACHABLE");
  EXPECT_EQ(reason("Clone Donor Error: x : y"), "MYSQL_3862");
  EXPECT_EQ(reason(""), "MYSQL_3862");
}

TEST(ErrorMapTexts, SayWhatToDo) {
  EXPECT_THAT(std::string(FromMysqlError(3862, "Clone Donor Error: 1227 : x.", "clone").message()),
              HasSubstr("grant BACKUP_ADMIN to the clone user on the donor"));
}

}  // namespace
}  // namespace graft
