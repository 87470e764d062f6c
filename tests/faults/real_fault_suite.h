// The parts that the fault tests with the real programs share: a shard of a primary, a recipient
// and a donor; an operation that can be held before a step; and the conditions that must hold after
// every end.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"

namespace graft {

class RealFaultSuite : public testing::Test {
 protected:
  static void TearDownTestSuite() { shard_.reset(); }
  // A test that fails takes its shard along, so that it fails alone.
  void SetUp() override;
  void TearDown() override;

  // Three tablets: the primary, the recipient, the donor.
  virtual absl::StatusOr<std::unique_ptr<MiniShard>> MakeShard() = 0;
  // A graft-mysqld that starts its mysqld again at once, however often it is killed.
  static MysqlSandboxOptions PatientServer();

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& primary() { return shard_->tablet(0); }
  static MiniTablet& recipient() { return shard_->tablet(1); }
  static MiniTablet& donor() { return shard_->tablet(2); }

  // The recipient's next operation waits before `step` until Release(). Starts its agent anew if
  // that one has other flags.
  absl::Status HoldBefore(const std::string& step);
  absl::Status AwaitHeld();
  void Release();

  // Loses a row of the recipient behind replication's back, by which the old data is known.
  absl::Status Drift();
  static bool HasDrifted(const MiniTablet& tablet);

  // graftctl reprovision <recipient> <flags>. Its result is UNAVAILABLE if it is refused.
  absl::Status StartOperation(const std::vector<std::string>& flags);
  // Waits until the newest operation has ended. Asks the agent alone. Notes the end in the test's
  // report.
  static v1::Operation AwaitEnd(absl::Duration timeout = absl::Minutes(2));
  // graftctl reprovision from the donor again, and to its end.
  void ExpectSecondRequestSucceeds();

  // The one thing that must hold after every operation: whole and replicating, or fenced and
  // published with what the server really holds; CLONE sent at most once per attempt; no claim
  // left, at the latest when the lease of one whose owner could not give it up has ended.
  enum class Claim { kGivenUp, kLeftToItsLease };
  void ExpectSafe(const v1::Operation& operation, Claim claim = Claim::kGivenUp);
  // It holds the primary's rows and follows `source`.
  void ExpectWhole(const MiniTablet& source);

  // Keys of the places in the queues for all donors.
  static std::vector<std::string> ClaimKeys();
  // Ends the leases of all of them, as if their owners had not kept them.
  static absl::Status LoseClaims();
  static void Pause(absl::Duration duration);

 private:
  static void ExpectServes();
  static void ExpectFencedAndMarked(const v1::Operation& operation);

  static inline std::unique_ptr<MiniShard> shard_;
  int clones_before_ = 0;  // of the recipient, when its operation was started
};

// For faults in the middle of a copy, when the old data is gone: three servers with enough data to
// copy, and a brake.
class RealCopyFaultSuite : public RealFaultSuite {
 protected:
  absl::StatusOr<std::unique_ptr<MiniShard>> MakeShard() override;
  void SetUp() override;

  // An operation whose files are being copied, and will be for a minute.
  void StartSlowOperation(const std::vector<std::string>& flags);
  // As AwaitEnd, and that the operation is DONE after these failures.
  v1::Operation ExpectDoneAfter(const std::vector<std::string>& failures,
                                Claim claim = Claim::kGivenUp);
};

}  // namespace graft
