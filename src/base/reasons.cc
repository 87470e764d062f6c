#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "graft/reason.h"

namespace graft {
namespace {

using Code = absl::StatusCode;

constexpr absl::string_view kNumber = "<number>";

constexpr FollowUp kStop = FollowUp::kStop;
constexpr FollowUp kNextAttempt = FollowUp::kNextAttempt;
constexpr FollowUp kNextDonor = FollowUp::kNextDonor;
constexpr Side kRequest = Side::kRequest;
constexpr Side kRecipient = Side::kRecipient;
constexpr Side kDonor = Side::kDonor;
constexpr Side kSource = Side::kSource;
constexpr Side kShard = Side::kShard;
constexpr Side kAgent = Side::kAgent;
// Headings of docs/failures.md.
constexpr absl::string_view kRequests = "Requests that are refused at once";
constexpr absl::string_view kResolving = "Resolving the donor";
constexpr absl::string_view kPreflight = "Preflight";
constexpr absl::string_view kWaiting = "Waiting for the donor";
constexpr absl::string_view kFence = "The fence";
constexpr absl::string_view kCopy = "The copy";
constexpr absl::string_view kRestart = "The restart";
constexpr absl::string_view kVerify = "Verification and replication";
constexpr absl::string_view kAgentItself = "The agent and its journal";
constexpr absl::string_view kCancel = "Cancel and throttle";
constexpr absl::string_view kRelease = "Release";
constexpr absl::string_view kIndex = "Index of reasons";

// clang-format off
constexpr ReasonRow kTable[] = {
    {Reason::kAccountLocked, "ACCOUNT_LOCKED", Code::kUnauthenticated, kStop, kRecipient, kIndex,
     "MySQL 3118: unlock the agent's account"},
    {Reason::kAgentAccount, "AGENT_ACCOUNT", Code::kFailedPrecondition, kStop, kAgent, kPreflight,
     "check: the agent's account on the donor"},
    {Reason::kAgentStarting, "AGENT_STARTING", Code::kUnavailable, kStop, kAgent, kRequests,
     "the agent is still reading its journal; ask again in a moment"},
    {Reason::kAgentStopping, "AGENT_STOPPING", Code::kUnavailable, kStop, kAgent, kRequests,
     "the agent is being stopped; ask again when it is back"},
    {Reason::kArchitecture, "ARCHITECTURE", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: version_compile_machine differs"},
    {Reason::kAuthPlugin, "AUTH_PLUGIN", Code::kUnauthenticated, kStop, kRecipient, kIndex,
     "MySQL 2059: the client library lacks the account's authentication plugin"},
    {Reason::kBadCredentials, "BAD_CREDENTIALS", Code::kUnauthenticated, kStop, kRecipient, kIndex,
     "MySQL 1045, 1130, 1698: wrong user, password or host of an account that graft uses"},
    {Reason::kBadVariableValue, "BAD_VARIABLE_VALUE", Code::kInvalidArgument, kStop, kRecipient, kIndex,
     "MySQL 1231, 1232: a variable refuses the value; see the message"},
    {Reason::kCancelled, "CANCELLED", Code::kCancelled, kStop, kRequest, kCancel,
     "somebody cancelled the operation; see Cancel and throttle"},
    {Reason::kCatchUpStalled, "CATCH_UP_STALLED", Code::kFailedPrecondition, kStop, kSource, kVerify,
     "CLONED, but replication does not move; see Verification and replication"},
    {Reason::kCharacterSets, "CHARACTER_SETS", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: character sets or collation of server or file system differ"},
    {Reason::kClaimLost, "CLAIM_LOST", Code::kAborted, kNextAttempt, kShard, kWaiting,
     "the agent lost its place in the donor's queue before CLONE; tried again"},
    {Reason::kCloneFailed, "CLONE_FAILED", Code::kInternal, kStop, kRecipient, kCopy,
     "clone_status says Failed without an error; see mysqld's error log"},
    {Reason::kCloneInternal, "CLONE_INTERNAL", Code::kInternal, kStop, kRecipient, kCopy,
     "MySQL 1815: see the error logs"},
    {Reason::kCloneKilled, "CLONE_KILLED", Code::kCancelled, kNextAttempt, kRecipient, kCopy,
     "MySQL 1317: somebody killed the statement; tried again, from another donor if there is a choice"},
    {Reason::kCloneLeftovers, "CLONE_LEFTOVERS", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: the data directory holds files of an earlier clone"},
    {Reason::kCloneNetwork, "CLONE_NETWORK", Code::kUnavailable, kNextAttempt, kRecipient, kCopy,
     "MySQL 1158 to 1161: the link to the donor broke; tried again"},
    {Reason::kCloneNotStarted, "CLONE_NOT_STARTED", Code::kAborted, kNextAttempt, kRecipient, kCopy,
     "the connection was lost before CLONE began; tried again"},
    {Reason::kClonePluginLoading, "CLONE_PLUGIN_LOADING", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: the clone removes the recipient's clone plugin"},
    {Reason::kClonePluginMissing, "CLONE_PLUGIN_MISSING", Code::kFailedPrecondition, kStop, kRecipient, kRestart,
     "the clone plugin is not loaded: plugin-load-add=mysql_clone.so"},
    {Reason::kCloneProtocol, "CLONE_PROTOCOL", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 3863: the two servers do not understand each other; compare versions"},
    {Reason::kCloneRunningHere, "CLONE_RUNNING_HERE", Code::kResourceExhausted, kNextAttempt, kRecipient, kCopy,
     "MySQL 3634: another clone runs on the recipient; tried again"},
    {Reason::kCloneSslFiles, "CLONE_SSL_FILES", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: clone_ssl_ca, clone_ssl_cert, clone_ssl_key on the recipient"},
    {Reason::kCloneStalled, "CLONE_STALLED", Code::kUnavailable, kNextAttempt, kDonor, kCopy,
     "CLONE copied no byte for --clone-stall-timeout; tried again"},
    {Reason::kCloneStillRuns, "CLONE_STILL_RUNS", Code::kFailedPrecondition, kStop, kRecipient, kRelease,
     "release is refused: a copy still runs on the server; reprovision takes it up"},
    {Reason::kCollations, "COLLATIONS", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: the recipient lacks collations"},
    {Reason::kCrashLoop, "CRASH_LOOP", Code::kInternal, kStop, kAgent, kAgentItself,
     "agent after agent died in the same step; read their logs"},
    {Reason::kDataDropped, "DATA_DROPPED", Code::kFailedPrecondition, kStop, kRequest, kCancel,
     "graft refuses the cancel, because the old data is dropped; --even-if-dropped"},
    {Reason::kDataFilePath, "DATA_FILE_PATH", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: innodb_data_file_path does not fit"},
    {Reason::kDataNotGood, "DATA_NOT_GOOD", Code::kFailedPrecondition, kStop, kRequest, kRelease,
     "graft refuses the release, because the data is PARTIAL or EMPTY; --data-is-good"},
    {Reason::kDiskSpace, "DISK_SPACE", Code::kResourceExhausted, kStop, kRecipient, kPreflight,
     "check: too little room for the donor's data"},
    {Reason::kDiskTooSmall, "DISK_TOO_SMALL", Code::kResourceExhausted, kStop, kRecipient, kCopy,
     "MySQL 3873, 1021: the disk was full after the drop; make room, ask again"},
    {Reason::kDonorAddress, "DONOR_ADDRESS", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: CLONE cannot use the donor's address"},
    {Reason::kDonorBehind, "DONOR_BEHIND", Code::kFailedPrecondition, kNextDonor, kDonor, kPreflight,
     "check: the donor lacks transactions of the primary, and lag does not explain it"},
    {Reason::kDonorBusy, "DONOR_BUSY", Code::kResourceExhausted, kNextAttempt, kDonor, kPreflight,
     "the donor serves another clone, or has no connection left; tried again"},
    {Reason::kDonorCharset, "DONOR_CHARSET", Code::kFailedPrecondition, kNextDonor, kDonor, kIndex,
     "MySQL 3867: as COLLATIONS"},
    {Reason::kDonorConfig, "DONOR_CONFIG", Code::kFailedPrecondition, kNextDonor, kDonor, kIndex,
     "MySQL 3868: as PAGE_SIZE, CHARACTER_SETS"},
    {Reason::kDonorConnections, "DONOR_CONNECTIONS", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: few connections left on the donor"},
    {Reason::kDonorCredentials, "DONOR_CREDENTIALS", Code::kUnauthenticated, kNextDonor, kDonor, kPreflight,
     "the donor refuses the clone account; graft tries another donor if the request allows one"},
    {Reason::kDonorDataState, "DONOR_DATA_STATE", Code::kFailedPrecondition, kNextDonor, kDonor, kResolving,
     "refused as donor: its data is PARTIAL or EMPTY"},
    {Reason::kDonorDdl, "DONOR_DDL", Code::kUnavailable, kNextAttempt, kDonor, kPreflight,
     "check; MySQL 1205, 3633: DDL or a backup holds the donor up; tried again"},
    {Reason::kDonorEmpty, "DONOR_EMPTY", Code::kFailedPrecondition, kNextDonor, kDonor, kPreflight,
     "check: the donor is empty, but the shard has data"},
    {Reason::kDonorEndsClones, "DONOR_ENDS_CLONES", Code::kFailedPrecondition, kNextDonor, kDonor, kCopy,
     "the donor never went down, and has ended the copy's session twice: a query killer, perhaps"},
    {Reason::kDonorFailed, "DONOR_FAILED", Code::kFailedPrecondition, kStop, kDonor, kResolving,
     "refused as donor: a permanent error in this operation"},
    {Reason::kDonorGone, "DONOR_GONE", Code::kUnavailable, kNextAttempt, kDonor, kCopy,
     "the donor was unreachable for --clone-donor-gone-timeout during the copy; tried again"},
    {Reason::kDonorHasNoAddress, "DONOR_HAS_NO_ADDRESS", Code::kFailedPrecondition, kNextDonor, kDonor, kResolving,
     "the donor's record has no MySQL address; start the donor's agent"},
    {Reason::kDonorIsOldPrimary, "DONOR_IS_OLD_PRIMARY", Code::kFailedPrecondition, kNextDonor, kDonor, kResolving,
     "refused as donor: its record says PRIMARY, the shard has another one"},
    {Reason::kDonorIsRecipient, "DONOR_IS_RECIPIENT", Code::kFailedPrecondition, kStop, kRequest, kResolving,
     "the donor is the recipient, or has the same server_uuid"},
    {Reason::kDonorIsRestoring, "DONOR_IS_RESTORING", Code::kFailedPrecondition, kNextDonor, kDonor, kResolving,
     "the donor is being rebuilt itself, or its rebuild failed"},
    {Reason::kDonorIsSelf, "DONOR_IS_SELF", Code::kFailedPrecondition, kStop, kDonor, kIndex,
     "MySQL 3871: the donor's address leads back to the recipient"},
    {Reason::kDonorLag, "DONOR_LAG", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: the donor is far behind"},
    {Reason::kDonorLost, "DONOR_LOST", Code::kUnavailable, kNextAttempt, kDonor, kCopy,
     "the donor's mysqld shut down or lost the copy; tried again"},
    {Reason::kDonorMysqlNumber, "DONOR_MYSQL_<number>", Code::kInternal, kStop, kDonor, kCopy,
     "the donor returned this MySQL error, which graft does not know"},
    {Reason::kDonorNotListed, "DONOR_NOT_LISTED", Code::kFailedPrecondition, kStop, kDonor, kIndex,
     "MySQL 3869: somebody changed clone_valid_donor_list during the operation; ask again"},
    {Reason::kDonorOfOtherShard, "DONOR_OF_OTHER_SHARD", Code::kFailedPrecondition, kStop, kDonor, kResolving,
     "the donor, or the source, belongs to another shard"},
    {Reason::kDonorOs, "DONOR_OS", Code::kFailedPrecondition, kNextDonor, kDonor, kIndex,
     "MySQL 3865: as OPERATING_SYSTEM"},
    {Reason::kDonorPacket, "DONOR_PACKET", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: max_allowed_packet of the donor"},
    {Reason::kDonorPlatform, "DONOR_PLATFORM", Code::kFailedPrecondition, kNextDonor, kDonor, kIndex,
     "MySQL 3866: as ARCHITECTURE"},
    {Reason::kDonorPlugin, "DONOR_PLUGIN", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: the donor's clone plugin"},
    {Reason::kDonorPlugins, "DONOR_PLUGINS", Code::kFailedPrecondition, kNextDonor, kDonor, kIndex,
     "MySQL 3870: as PLUGINS"},
    {Reason::kDonorPluginMissing, "DONOR_PLUGIN_MISSING", Code::kFailedPrecondition, kNextDonor, kDonor, kIndex,
     "MySQL 1524: as DONOR_PLUGIN"},
    {Reason::kDonorPrivilege, "DONOR_PRIVILEGE", Code::kPermissionDenied, kNextDonor, kDonor, kResolving,
     "the clone account lacks a privilege on the donor"},
    {Reason::kDonorRedoLogDisabled, "DONOR_REDO_LOG_DISABLED", Code::kFailedPrecondition, kNextDonor, kDonor, kIndex,
     "MySQL 3983: as REDO_LOG_DISABLED"},
    {Reason::kDonorReplication, "DONOR_REPLICATION", Code::kFailedPrecondition, kStop, kDonor, kResolving,
     "check: the donor's own replication is broken"},
    {Reason::kDonorTls, "DONOR_TLS", Code::kUnauthenticated, kNextDonor, kDonor, kPreflight,
     "check; MySQL 2026, 3159: TLS between recipient and donor"},
    {Reason::kDonorType, "DONOR_TYPE", Code::kFailedPrecondition, kNextDonor, kDonor, kResolving,
     "refused as donor: DRAINED, BACKUP or UNKNOWN"},
    {Reason::kDonorUnfit, "DONOR_UNFIT", Code::kFailedPrecondition, kNextDonor, kDonor, kPreflight,
     "every donor had findings; the message shows the last donor's"},
    {Reason::kDonorUnreachable, "DONOR_UNREACHABLE", Code::kUnavailable, kNextAttempt, kDonor, kPreflight,
     "the donor's mysqld does not answer; tried again"},
    {Reason::kDonorVersion, "DONOR_VERSION", Code::kFailedPrecondition, kNextDonor, kDonor, kCopy,
     "MySQL 3864: as VERSIONS"},
    {Reason::kDonorWaitTimeout, "DONOR_WAIT_TIMEOUT", Code::kDeadlineExceeded, kStop, kDonor, kWaiting,
     "the donor was not free in time; graft changed nothing"},
    {Reason::kEncryption, "ENCRYPTION", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: encrypted data without keyring or TLS"},
    {Reason::kEncryptionNeedsTls, "ENCRYPTION_NEEDS_TLS", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 3872: encrypted data; give the agent --db-clone-use-ssl"},
    {Reason::kErrantTransactions, "ERRANT_TRANSACTIONS", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check, and after the copy: transactions that the primary lacks"},
    {Reason::kFileAccess, "FILE_ACCESS", Code::kPermissionDenied, kStop, kAgent, kRequests,
     "the agent's user may not read or write a file; the message names the file"},
    {Reason::kGroupReplication, "GROUP_REPLICATION", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check; MySQL 3875: the recipient is in a replication group"},
    {Reason::kGtidMode, "GTID_MODE", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: gtid_mode must be ON"},
    {Reason::kGtidModeOff, "GTID_MODE_OFF", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 1777: as GTID_MODE"},
    {Reason::kHostBlocked, "HOST_BLOCKED", Code::kUnavailable, kStop, kRecipient, kIndex,
     "MySQL 1129: the server blocks this host; FLUSH HOSTS on the server named"},
    {Reason::kInnodbReadOnly, "INNODB_READ_ONLY", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check; MySQL 1836: InnoDB may not write"},
    {Reason::kJournalDamaged, "JOURNAL_DAMAGED", Code::kFailedPrecondition, kStop, kAgent, kAgentItself,
     "graft cannot read a record of the journal, and holds the tablet out of service"},
    {Reason::kKeyringMissing, "KEYRING_MISSING", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 1815: encrypted data, and the recipient has no keyring"},
    {Reason::kLastHealthyReplica, "LAST_HEALTHY_REPLICA", Code::kFailedPrecondition, kStop, kShard, kFence,
     "the shard has no other healthy replica now; nothing is changed"},
    {Reason::kLockedOutAfterClone, "LOCKED_OUT_AFTER_CLONE", Code::kUnauthenticated, kStop, kRecipient, kRestart,
     "the agent cannot log in with the donor's accounts; see The restart"},
    {Reason::kLockWait, "LOCK_WAIT", Code::kUnavailable, kNextAttempt, kRecipient, kCopy,
     "MySQL 1205: a transaction or backup lock on the recipient; tried again"},
    {Reason::kLowerCaseTableNames, "LOWER_CASE_TABLE_NAMES", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: the recipient could not start on the copy"},
    {Reason::kMysqlNumber, "MYSQL_<number>", Code::kInternal, kStop, kRecipient, kCopy,
     "a MySQL error that graft does not know, or the error that stopped replication"},
    {Reason::kMysqlGone, "MYSQL_GONE", Code::kUnavailable, kStop, kRecipient, kRestart,
     "mysqld is down or the connection was lost; start it"},
    {Reason::kMysqlHostUnknown, "MYSQL_HOST_UNKNOWN", Code::kUnavailable, kStop, kRecipient, kIndex,
     "MySQL 2005: a host name cannot be resolved here"},
    {Reason::kNameTooLong, "NAME_TOO_LONG", Code::kInvalidArgument, kStop, kRecipient, kIndex,
     "MySQL 1059: a host or user name is too long"},
    {Reason::kNonInnodbTables, "NON_INNODB_TABLES", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: tables that would arrive empty; --allow-non-innodb"},
    {Reason::kNothingToRelease, "NOTHING_TO_RELEASE", Code::kFailedPrecondition, kStop, kRequest, kRelease,
     "graft has no fence on the server, and the tablet has its type"},
    {Reason::kNoDonor, "NO_DONOR", Code::kFailedPrecondition, kNextAttempt, kRequest, kResolving,
     "--from-any found no donor; the message lists the refused tablets; tried again"},
    {Reason::kNoDonorSpecified, "NO_DONOR_SPECIFIED", Code::kInvalidArgument, kStop, kRequest, kRequests,
     "the request names no donor; name one"},
    {Reason::kNoReplicationSource, "NO_REPLICATION_SOURCE", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 1200: the channel has no source; ask again"},
    {Reason::kNoSuchConnection, "NO_SUCH_CONNECTION", Code::kNotFound, kStop, kRecipient, kIndex,
     "MySQL 1094: the session had ended already; harmless"},
    {Reason::kNoSuchVariable, "NO_SUCH_VARIABLE", Code::kInvalidArgument, kStop, kRecipient, kIndex,
     "MySQL 1193: this mysqld lacks a variable; compare its version"},
    {Reason::kOfflineMode, "OFFLINE_MODE", Code::kUnavailable, kStop, kRecipient, kIndex,
     "MySQL 3032: the server is in offline mode; SET GLOBAL offline_mode=OFF"},
    {Reason::kOperatingSystem, "OPERATING_SYSTEM", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: version_compile_os differs"},
    {Reason::kOperationDiffers, "OPERATION_DIFFERS", Code::kAlreadyExists, kStop, kRequest, kRequests,
     "the operation's id is in use with other parameters"},
    {Reason::kOperationEnded, "OPERATION_ENDED", Code::kFailedPrecondition, kStop, kRequest, kCancel,
     "the operation has ended; it can be neither cancelled nor throttled"},
    {Reason::kOperationRunning, "OPERATION_RUNNING", Code::kFailedPrecondition, kStop, kRequest, kRequests,
     "the tablet runs another operation; watch or cancel that operation"},
    {Reason::kOtherServer, "OTHER_SERVER", Code::kFailedPrecondition, kStop, kShard, kPreflight,
     "check: the server at a tablet's address is not the one that the tablet's record names"},
    {Reason::kPacketTooSmall, "PACKET_TOO_SMALL", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 3957: max_allowed_packet on the side that the message names"},
    {Reason::kPageSize, "PAGE_SIZE", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: innodb_page_size differs"},
    {Reason::kPasswordExpired, "PASSWORD_EXPIRED", Code::kUnauthenticated, kStop, kRecipient, kIndex,
     "MySQL 1820, 1862: give the account a new password"},
    {Reason::kPerformanceSchema, "PERFORMANCE_SCHEMA", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: performance_schema is OFF on the recipient"},
    {Reason::kPersistedVariables, "PERSISTED_VARIABLES", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: persisted_globals_load is OFF"},
    {Reason::kPlugins, "PLUGINS", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check: plugins of the donor that the recipient lacks"},
    {Reason::kPluginExists, "PLUGIN_EXISTS", Code::kAlreadyExists, kStop, kRecipient, kIndex,
     "MySQL 1125, 1968: the clone plugin is installed already; harmless"},
    {Reason::kPreflightUnchecked, "PREFLIGHT_UNCHECKED", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "a check could not read what it needs; grant the privilege, or --allow-unchecked=CHECK"},
    {Reason::kPrivilegeMissing, "PRIVILEGE_MISSING", Code::kPermissionDenied, kStop, kRecipient, kFence,
     "MySQL 1044, 1142, 1227, 1370, 1095, 3630: grant what the message names"},
    {Reason::kReadOnly, "READ_ONLY", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 1290: somebody turned super_read_only on during the operation; ask again"},
    {Reason::kReadOnlyVariable, "READ_ONLY_VARIABLE", Code::kInvalidArgument, kStop, kRecipient, kIndex,
     "MySQL 1238: the variable can be set at start only"},
    {Reason::kRecipientCrashed, "RECIPIENT_CRASHED", Code::kUnavailable, kNextAttempt, kRecipient, kCopy,
     "the recipient's mysqld died during the copy; tried again once mysqld is up"},
    {Reason::kRecipientDonates, "RECIPIENT_DONATES", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: another server clones from the recipient"},
    {Reason::kRecipientHasReplicas, "RECIPIENT_HAS_REPLICAS", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: other servers read the recipient's binary logs"},
    {Reason::kRecipientIsPrimary, "RECIPIENT_IS_PRIMARY", Code::kFailedPrecondition, kStop, kRecipient, kResolving,
     "the recipient is a primary, and graft never overwrites a primary"},
    {Reason::kRecipientOptions, "RECIPIENT_OPTIONS", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: options of the recipient that need what the copy replaces"},
    {Reason::kRecipientPacket, "RECIPIENT_PACKET", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: max_allowed_packet of the recipient"},
    {Reason::kRecipientPlugin, "RECIPIENT_PLUGIN", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: the recipient's clone plugin"},
    {Reason::kRecipientPrivilege, "RECIPIENT_PRIVILEGE", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: privileges of the agent's account"},
    {Reason::kRecipientSessions, "RECIPIENT_SESSIONS", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: others are connected to the recipient"},
    {Reason::kRecipientStopped, "RECIPIENT_STOPPED", Code::kUnavailable, kNextAttempt, kRecipient, kCopy,
     "the recipient's mysqld was stopped during the copy; tried again once mysqld is up"},
    {Reason::kRecipientTransactions, "RECIPIENT_TRANSACTIONS", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: transactions that only the recipient has"},
    {Reason::kRecoveryFailed, "RECOVERY_FAILED", Code::kUnavailable, kNextAttempt, kRecipient, kRestart,
     "mysqld could not start on the copy; see its error log; tried again"},
    {Reason::kRedoLogDisabled, "REDO_LOG_DISABLED", Code::kFailedPrecondition, kStop, kDonor, kPreflight,
     "check; MySQL 3983: ALTER INSTANCE ENABLE INNODB REDO_LOG"},
    {Reason::kReplicationAccount, "REPLICATION_ACCOUNT", Code::kFailedPrecondition, kStop, kSource, kPreflight,
     "check: the account that replication will use on the source"},
    {Reason::kReplicationMetadata, "REPLICATION_METADATA", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 1871, 1872: RESET REPLICA ALL on the recipient, ask again"},
    {Reason::kReplicationSettings, "REPLICATION_SETTINGS", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: channels, delay and filters that the rebuild removes"},
    {Reason::kReplicationStopping, "REPLICATION_STOPPING", Code::kUnavailable, kNextAttempt, kRecipient, kIndex,
     "STOP REPLICA waits for a transaction; graft waits until the transaction ends"},
    {Reason::kRestartFailed, "RESTART_FAILED", Code::kFailedPrecondition, kStop, kRecipient, kRestart,
     "mysqld ended by itself while it started on the copy; the message has its error log's words"},
    {Reason::kRestartNeeded, "RESTART_NEEDED", Code::kUnavailable, kStop, kRecipient, kRestart,
     "MySQL 3707: the copy is complete, and no supervisor restarts mysqld: start it"},
    {Reason::kRestartTimeout, "RESTART_TIMEOUT", Code::kDeadlineExceeded, kStop, kRecipient, kRestart,
     "mysqld did not come back after the copy; see The restart"},
    {Reason::kSemiSync, "SEMI_SYNC", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: the primary would wait for acknowledgers that it has not"},
    {Reason::kServerHeld, "SERVER_HELD", Code::kFailedPrecondition, kStop, kAgent, kIndex,
     "another agent works on this mysqld; the message names it: stop one of the two"},
    {Reason::kServerId, "SERVER_ID", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: the recipient needs a server_id of its own"},
    {Reason::kServerOption, "SERVER_OPTION", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 1290: an option of mysqld forbids the statement; the message names the option"},
    {Reason::kShardHasNoPrimary, "SHARD_HAS_NO_PRIMARY", Code::kFailedPrecondition, kStop, kShard, kResolving,
     "the shard has no primary: name a tablet, or graftctl topo set-primary"},
    {Reason::kSourceBinlogs, "SOURCE_BINLOGS", Code::kFailedPrecondition, kStop, kSource, kPreflight,
     "check: the source lacks binary logs that the copy will need"},
    {Reason::kSourceIdentity, "SOURCE_IDENTITY", Code::kUnavailable, kStop, kSource, kVerify,
     "the server at the source's address is not the one that the source's record names"},
    {Reason::kSourceUnfit, "SOURCE_UNFIT", Code::kUnavailable, kStop, kSource, kVerify,
     "the tablet can replicate neither from the source nor from the shard's primary now"},
    {Reason::kStateDirHeld, "STATE_DIR_HELD", Code::kFailedPrecondition, kStop, kAgent, kAgentItself,
     "another agent uses the state directory; the message names that agent"},
    {Reason::kSupervised, "SUPERVISED", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: no supervisor restarts mysqld after the copy"},
    {Reason::kSystemConfig, "SYSTEM_CONFIG", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 3869: a setting of the system tablespace; as DATA_FILE_PATH"},
    {Reason::kTablespacePath, "TABLESPACE_PATH", Code::kFailedPrecondition, kStop, kRecipient, kIndex,
     "MySQL 1525: as TABLESPACE_PATHS, but after the drop"},
    {Reason::kTablespacePaths, "TABLESPACE_PATHS", Code::kFailedPrecondition, kStop, kRecipient, kPreflight,
     "check: data files outside of the data directory"},
    {Reason::kTlsRefused, "TLS_REFUSED", Code::kUnauthenticated, kStop, kRecipient, kIndex,
     "MySQL 2026: check --db-ssl-ca and mysqld's certificate"},
    {Reason::kTlsRequired, "TLS_REQUIRED", Code::kUnauthenticated, kStop, kRecipient, kIndex,
     "MySQL 3159: give the account's --db-*-use-ssl"},
    {Reason::kTooLate, "TOO_LATE", Code::kFailedPrecondition, kStop, kRequest, kCancel,
     "the copy is complete; it can be neither cancelled nor throttled"},
    {Reason::kTooManyConnections, "TOO_MANY_CONNECTIONS", Code::kUnavailable, kStop, kRecipient, kIndex,
     "MySQL 1040, 1203: max_connections or max_user_connections"},
    {Reason::kVerifyFailed, "VERIFY_FAILED", Code::kDataLoss, kStop, kRecipient, kVerify,
     "graft could not prove that the new data is the donor's; never published"},
    {Reason::kVersions, "VERSIONS", Code::kFailedPrecondition, kStop, kDonor, kResolving,
     "check: these versions cannot clone from each other"},
};
// clang-format on

constexpr bool InOrder() {
  int expected = static_cast<int>(Reason::kNone);
  for (const ReasonRow& row : kTable) {
    if (static_cast<int>(row.reason) != ++expected) return false;
  }
  return true;
}
static_assert(InOrder(), "a reason without its row, or out of order");

// "MYSQL_1062" is of the row "MYSQL_<number>".
bool Matches(const ReasonRow& row, absl::string_view word) {
  absl::string_view stem = row.word;
  if (!absl::ConsumeSuffix(&stem, kNumber)) return row.word == word;
  if (!absl::ConsumePrefix(&word, stem) || word.empty()) return false;
  for (const char c : word) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

}  // namespace

const ReasonRow& RowOf(Reason reason) {
  return kTable[static_cast<size_t>(reason) - 1];
}

Reason ParseReason(absl::string_view word) {
  for (const ReasonRow& row : kTable) {
    if (Matches(row, word)) return row.reason;
  }
  return Reason::kNone;
}

}  // namespace graft
