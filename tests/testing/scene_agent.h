// An agent that shows one scene: what an HttpServer wants of it, and nothing else.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clocks.h"
#include "graft/provisioning.h"
#include "http/http_server.h"
#include "testing/status_scenes.h"

namespace graft {

// Safe for use from several threads; must outlive the server that it is given to.
class SceneAgent : public Provisioning {
 public:
  explicit SceneAgent(StatusFacts scene) : scene_(std::move(scene)) {}

  void Show(StatusFacts scene) {
    absl::MutexLock lock(&mutex_);
    scene_ = std::move(scene);
  }

  HttpSources Sources(Clock& clock) {
    return {*this,
            clock,
            [] { return std::string("graft_up 1\n"); },
            [this] { return Scene().shard; },
            [this] { return Scene().preflight; },
            Scene().version};
  }

  TabletSnapshot Tablet() override { return Scene().tablet; }
  std::vector<Operation> List() override { return Scene().operations; }
  absl::StatusOr<Operation> Get(absl::string_view /*id*/) override {
    const StatusFacts scene = Scene();
    if (scene.operations.empty()) return absl::NotFoundError("none");
    return scene.operations.front();
  }

  absl::StatusOr<Operation> Reprovision(const ReprovisionCall& /*call*/) override { return No(); }
  absl::StatusOr<Operation> Release(const ReleaseCall& /*call*/) override { return No(); }
  absl::StatusOr<Operation> Cancel(absl::string_view /*id*/, CancelWish /*wish*/) override {
    return No();
  }
  absl::StatusOr<Operation> Throttle(absl::string_view /*id*/,
                                     const CloneSettings& /*settings*/) override {
    return No();
  }
  void Preflight(const ReprovisionCall& /*call*/, PreflightDone on_done) override { on_done(No()); }
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(
      absl::string_view /*id*/, std::function<void(const Operation&)> /*on_change*/) override {
    return No();
  }

 private:
  static absl::Status No() { return absl::UnimplementedError("a scene"); }
  StatusFacts Scene() const {
    absl::MutexLock lock(&mutex_);
    return scene_;
  }

  mutable absl::Mutex mutex_;
  StatusFacts scene_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
