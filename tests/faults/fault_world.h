// The parts that the simulated fault tables share: a shard of three on fakes, the death of an
// agent, and the conditions that must hold after every operation.
#pragma once

#include <functional>
#include <string>

#include "provision_world.h"

namespace graft {

class FaultWorld : public ProvisionWorld {
 public:
  // Its replica follows the primary; the other replica is as good a donor.
  FaultWorld();

  // Runs it to its end: each time KillAgent() was called, another agent goes on from the journal.
  void RunToEnd(Operation& operation);
  // The agent dies here, without a word to anybody: its place in a queue stays, its clone goes on.
  void KillAgent();
  bool agent_died() const { return agent_died_; }

  // Calls `fault` once, when `step` has been journalled for the first time and has not acted yet.
  void AtStep(Step step, std::function<void()> fault);
  bool fault_fired() const { return fault_fired_; }

  // The tablet is whole and follows its source, or it is fenced and its record says so; CLONE was
  // sent at most once an attempt; no claim is left; the step table's word about the data holds.
  void ExpectSafe(const Operation& operation);
  // As above, for a server that could not be reached until the end.
  void ExpectTruthful(const Operation& operation);
  void ExpectSecondRequestSucceeds(const Operation& first);

 private:
  bool agent_died_ = false;
  bool fault_fired_ = false;
};

}  // namespace graft
