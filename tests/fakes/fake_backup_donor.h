// FakeBackupDonor: a backup that is restored within a second, and served at 127.0.0.1:3340.
// For one thread.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "graft/backup_donor.h"
#include "graft/clock.h"

namespace graft {

class FakeBackupDonor : public BackupDonor {
 public:
  explicit FakeBackupDonor(Clock& clock) : clock_(clock) {}

  absl::StatusOr<std::string> Choose(const std::string& name) override {
    return name.empty() ? "2026-11-28.113000.zone1-0000000100" : name;
  }
  void Begin(const std::string& /*backup*/,
             const std::map<std::string, std::string>& /*variables*/) override {
    if (begun_ == absl::InfiniteFuture()) begun_ = clock_.Now();
    there_ = true;
  }
  BackupDonorState Look() override {
    BackupDonorState state;
    state.address = {"127.0.0.1", 3340};
    state.bytes_expected = 100;
    state.serves = clock_.Now() - begun_ >= absl::Seconds(1);
    state.bytes_done = state.serves ? 100 : 50;
    if (!there_) state.failure = absl::UnavailableError("no backup is served");
    return state;
  }
  std::string folder() const override { return "/restored"; }
  void Stop() override {}
  absl::Status Remove() override {
    begun_ = absl::InfiniteFuture();
    there_ = false;
    return absl::OkStatus();
  }

  // Its server dies; what is restored stays.
  void LoseServer() { begun_ = absl::InfiniteFuture(); }
  bool there() const { return there_; }

 private:
  Clock& clock_;
  absl::Time begun_ = absl::InfiniteFuture();
  bool there_ = false;
};

}  // namespace graft
