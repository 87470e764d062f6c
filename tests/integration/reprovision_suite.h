// The shard that all tests of reprovision_test share: a primary and two replicas, and what every
// rebuilt replica must be like.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "testing/clone_brake.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"

namespace graft {

class ReprovisionTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite() { shard_.reset(); }
  // Brings back what a failed test left down, so that it fails alone.
  void SetUp() override;

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& primary() { return shard_->tablet(0); }
  static MiniTablet& recipient() { return shard_->tablet(1); }
  static MiniTablet& other() { return shard_->tablet(2); }

  // Breaks the recipient, brakes it, starts to rebuild it from the primary, and returns when files
  // are being copied.
  void StartSlowOperation();

  // Waits until the newest operation has ended. Asks the agent alone.
  static v1::Operation AwaitEnd(const MiniTablet& tablet);
  // Follows `source`, which has all rows and gives new ones; serves as a replica does.
  static void ExpectHealthy(MiniTablet& tablet, MiniTablet& source);
  // Of all its channels: name, source's port, auto-position, receiver and applier "ON" or not.
  static SqlRows Channels(const MiniTablet& tablet);
  // What Channels gives when `source` is followed, and nobody else.
  static SqlRows Following(const MiniTablet& source);
  // What `etcdctl get --prefix` shows are Vitess's keys, and nothing else.
  // While an operation runs there is its claim besides, under Vitess's named locks.
  static void ExpectOnlyVitessKeys(const std::string& claimed_donor = "");
  // The journal's record of this operation, without which it would not survive the agent.
  static void ExpectJournalled(const MiniTablet& tablet, const std::string& id);
  // No password in any file that graft writes.
  static void ExpectNoSecrets(const MiniTablet& tablet);

  int clones_before_ = 0;  // of the recipient

 private:
  static inline std::unique_ptr<MiniShard> shard_;
};

}  // namespace graft
