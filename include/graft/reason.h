// Reason: why something failed or was refused, as one word of one table. For each word the table
// says its status code, what graft does next, which side can repair it, and what an operator should
// know. docs/failures.md explains each word; a lint test compares the two.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace graft {

// clang-format off
// By their words. A reason with a number behind it (MYSQL_1062) is k…Number.
enum class Reason {
  kNone, kAccountLocked, kAgentAccount, kAgentStarting, kAgentStopping, kArchitecture,
  kAuthPlugin, kBackupUnusable, kBadCredentials, kBadVariableValue, kCancelled, kCatchUpStalled, kCharacterSets,
  kClaimLost, kCloneFailed, kCloneInternal, kCloneKilled, kCloneLeftovers, kCloneNetwork,
  kCloneNotStarted, kClonePluginLoading, kClonePluginMissing, kCloneProtocol, kCloneRunningHere,
  kCloneSslFiles, kCloneStalled, kCloneStillRuns, kCollations, kCrashLoop, kDataDropped,
  kDataFilePath, kDataNotGood, kDiskSpace, kDiskTooSmall, kDonorAddress, kDonorBehind, kDonorBusy,
  kDonorCharset, kDonorConfig, kDonorConnections, kDonorCredentials, kDonorDataState, kDonorDdl,
  kDonorEmpty, kDonorEndsClones, kDonorFailed, kDonorGone, kDonorHasNoAddress, kDonorIsOldPrimary,
  kDonorIsRecipient, kDonorIsRestoring, kDonorIsSelf, kDonorLag, kDonorLost, kDonorMysqlNumber,
  kDonorNotListed, kDonorOfOtherShard, kDonorOs, kDonorPacket, kDonorPlatform, kDonorPlugin,
  kDonorPlugins, kDonorPluginMissing, kDonorPrivilege, kDonorRedoLogDisabled, kDonorReplication,
  kDonorTls, kDonorType, kDonorUnfit, kDonorUnreachable, kDonorVersion, kDonorWaitTimeout,
  kEncryption, kEncryptionNeedsTls, kErrantTransactions, kFileAccess, kGroupReplication,
  kGtidMode, kGtidModeOff, kHostBlocked, kInnodbReadOnly, kJournalDamaged, kKeyringMissing,
  kLastHealthyReplica, kLockedOutAfterClone, kLockWait, kLowerCaseTableNames, kMysqlNumber, kMysqlGone,
  kMysqlHostUnknown, kNameTooLong, kNonInnodbTables, kNothingToRelease, kNoBackup, kNoDonor,
  kNoDonorSpecified, kNoReplicationSource, kNoSuchConnection, kNoSuchVariable, kOfflineMode,
  kOperatingSystem, kOperationDiffers, kOperationEnded, kOperationRunning, kOtherServer, kOtherTablet,
  kPacketTooSmall, kPageSize, kPasswordExpired, kPerformanceSchema, kPersistedVariables, kPlugins,
  kPluginExists, kPreflightUnchecked, kPrivilegeMissing, kReadOnly, kReadOnlyVariable,
  kRecipientCrashed, kRecipientDonates, kRecipientHasReplicas, kRecipientIsPrimary,
  kRecipientOptions, kRecipientPacket, kRecipientPlugin, kRecipientPrivilege, kRecipientSessions,
  kRecipientStopped, kRecipientTransactions, kRecoveryFailed, kRedoLogDisabled,
  kReplicationAccount, kReplicationMetadata, kReplicationSettings, kReplicationStopping,
  kRestartFailed, kRestartNeeded, kRestartTimeout, kSemiSync, kServerHeld, kServerId,
  kServerOption, kShardHasNoPrimary, kSourceBinlogs, kSourceIdentity, kSourceUnfit, kStateDirHeld,
  kSupervised, kSystemConfig, kTablespacePath, kTablespacePaths, kTabletHeld, kTlsRefused, kTlsRequired,
  kTooLate, kTooManyConnections, kVerifyFailed, kVersions,
};
// clang-format on

// What graft does after an attempt that failed with this reason.
enum class FollowUp {
  kStop,         // another attempt fails too, until somebody repairs the cause
  kNextAttempt,  // another attempt may pass, also with the same donor
  kNextDonor,    // another donor may do; this donor fails until it is repaired
};

// Which side can repair it.
enum class Side { kRequest, kRecipient, kDonor, kSource, kShard, kAgent };

struct ReasonRow {
  Reason reason;
  absl::string_view word;  // "DONOR_BUSY"; with a number: "MYSQL_<number>"
  absl::StatusCode code;
  FollowUp follow_up;
  Side side;
  absl::string_view section;  // the heading in docs/failures.md that deals with it
  absl::string_view meaning;  // for the operator; docs/reference/reasons.md has the same text
};

// Never for kNone.
const ReasonRow& RowOf(Reason reason);

// kNone if the word is empty or unknown, as a newer graft's may be.
Reason ParseReason(absl::string_view word);

}  // namespace graft
