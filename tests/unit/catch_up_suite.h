// The parts that the tests of replicate and catch_up share: a copy whose donor has one transaction
// more than the copy.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "provision_world.h"

namespace graft {

// The donor's since the copy was under way, which has one less.
inline constexpr char kNewer[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-101";

class CatchUpTest : public ::testing::Test {
 protected:
  CatchUpTest() {
    world_.clock.At(world_.clock.Now() + absl::Seconds(30), [this] {
      world_.donor.Edit([](FakeMysqlState& state) { state.facts.gtid_executed = kNewer; });
    });
  }

  void Replication(const std::function<void(ReplicationScript&)>& change) {
    world_.recipient.Edit([&](FakeMysqlState& state) { change(state.replication); });
  }
  // Changes a tablet's record when the operation has run for `after`; FILE COPY lasts to 1m.
  void ChangeRecord(absl::Duration after, const TabletAlias& alias,
                    std::function<void(Tablet&)> change) {
    world_.clock.At(world_.clock.Now() + after, [this, alias, change = std::move(change)] {
      EXPECT_TRUE(world_.topology
                      .UpdateTablet(alias,
                                    [&change](Tablet& tablet) {
                                      change(tablet);
                                      return absl::OkStatus();
                                    })
                      .ok());
    });
  }
  Operation Run(Operation operation) {
    world_.Run(operation);
    return operation;
  }
  Operation RequestFromOther() {
    DonorChoice choice;
    choice.kind = DonorChoice::Kind::kTablet;
    choice.tablet = world_.other;
    return world_.Request(choice);
  }
  bool NoteSaid(const std::string& text) const {
    return std::any_of(
        world_.observer.progress.begin(), world_.observer.progress.end(),
        [&text](const Progress& progress) { return absl::StrContains(progress.note, text); });
  }
  // When the step begins: what was looked at before is not at stake any more.
  void AtCatchUp(std::function<void()> fault) {
    world_.observer.on_step = [fault = std::move(fault)](const Operation& operation) {
      if (operation.step == Step::kCatchUp) fault();
    };
  }
  // The source, which is the donor, does not answer the agent any more.
  void RefuseAgent(const absl::Status& status) {
    for (const char* call : {"Describe", "ReadVariables"}) {
      world_.donor.FailNext(call, status, 1000000);
    }
  }
  int SourcePort() { return world_.recipient.state().source->address.port; }

  ProvisionWorld world_;
};

}  // namespace graft
