// The shard that all preflight tests share: a primary, a recipient whose plugin directory holds the
// clone plugin alone, another replica; and what is looked at around every `graftctl preflight`.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "graft/v1/preflight.pb.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"

namespace graft {

// The output of graftctl preflight.
struct Looked {
  int code = -1;
  std::string text;
  v1::PreflightReport report;

  // "FATAL donor NON_INNODB_TABLES", of all that did not pass.
  std::vector<std::string> Findings() const;
  // The finding, and its remedy.
  std::string TextOf(const std::string& id) const;
};

class PreflightTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite() { shard_.reset(); }
  // Brings back what a failed test left down, so that it fails alone.
  void SetUp() override;
  // Every test leaves a healthy pair.
  void TearDown() override;

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& primary() { return shard_->tablet(0); }
  static MiniTablet& recipient() { return shard_->tablet(1); }
  static MiniTablet& replica() { return shard_->tablet(2); }

  // graftctl preflight <tablet> <flags>; all three servers are as they were before it.
  static Looked Look(const MiniTablet& tablet, const std::vector<std::string>& flags);
  static Looked LookFromPrimary() { return Look(recipient(), {"--from-primary"}); }
  // graftctl reprovision <tablet> <flags> --watch.
  static v1::Operation Reprovision(const MiniTablet& tablet, const std::vector<std::string>& flags,
                                   int code);
  // The same where it is to be refused with this reason, everything being as it was before it.
  static v1::Operation ExpectRefused(const std::vector<std::string>& flags,
                                     const std::string& reason);
  // On the primary, and so on all its replicas.
  static void Change(const std::string& sql);
  // On this server alone, without the binary log.
  static void ChangeOnly(const MiniTablet& tablet, const std::string& sql);
  // A transaction that changes nothing, under this name.
  static void Execute(const MiniTablet& tablet, const std::string& gtid);
  static void RestartAgent(MiniTablet& tablet, const std::vector<std::string>& flags);
  // It has the primary's rows, follows `source` and serves.
  static void ExpectHealthy(MiniTablet& tablet, const MiniTablet& source);

 private:
  static inline std::unique_ptr<MiniShard> shard_;
};

}  // namespace graft
