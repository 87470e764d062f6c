// One process of the agent in an AgentWorld: its ports behind a gate, and what runs on them.
#pragma once

#include <memory>

#include "agent/tablet_agent.h"
#include "agent_world.h"

namespace graft {

struct AgentWorld::Process {
  Process(AgentWorld& world, Gate& gate);

  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  const std::unique_ptr<KeyValueStore> store;
  const std::unique_ptr<Journal> journal;
  const std::unique_ptr<ServerHost> host;
  VitessTopology topology;
  VitessQueueLocks locks;
  TabletAgent agent;
};

}  // namespace graft
