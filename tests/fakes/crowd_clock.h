// CrowdClock: a simulated clock for many threads, of which one runs at a time.
//
// A thread runs until it waits. Then the next one runs: one that was woken, or else the one whose
// wait ends first, and the time moves there. So a thousand agents run in one certain order.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "fakes/simulated_clock.h"

namespace graft {

class CrowdClock : public SimulatedClock {
 public:
  // Adds a thread that begins at `when`. Before Run(), or from a thread or a call of this clock.
  void Spawn(absl::Time when, std::function<void()> work) {
    auto sleeper = std::make_shared<Sleeper>(Sleeper{[] { return false; }, when});
    sleepers_.emplace(sleeper->deadline, sleeper);
    threads_.emplace_back([this, sleeper, work = std::move(work)] {
      AwaitTurn(*sleeper);
      work();
      --left_;
      PassOn();
    });
    ++left_;
  }

  // To be called by whoever may have woken another thread, unless it is a call of this clock's.
  void NoteWake() { woken_ = true; }

  // Runs all threads to their ends.
  void Run() {
    PassOn();
    std::unique_lock<std::mutex> lock(mutex_);
    over_.wait(lock, [this] { return all_over_; });
    lock.unlock();
    for (std::thread& thread : threads_) thread.join();
  }

  bool AwaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& /*changed*/,
                  const std::function<bool()>& done, absl::Time deadline) override {
    if (done()) return true;
    auto sleeper = std::make_shared<Sleeper>(Sleeper{done, deadline});
    sleepers_.emplace(sleeper->deadline, sleeper);
    lock.unlock();
    PassOn();
    AwaitTurn(*sleeper);
    lock.lock();
    return done();
  }

 private:
  struct Sleeper {
    std::function<bool()> done;  // of a thread that stands still, so it needs no lock
    absl::Time deadline;
    bool turn = false;
    std::condition_variable changed{};
    Sleeper(std::function<bool()> done_when, absl::Time until)
        : done(std::move(done_when)), deadline(until) {}
    Sleeper(Sleeper&& other) noexcept : done(std::move(other.done)), deadline(other.deadline) {}
  };

  void AwaitTurn(Sleeper& sleeper) {
    std::unique_lock<std::mutex> lock(mutex_);
    sleeper.changed.wait(lock, [&sleeper] { return sleeper.turn; });
  }

  // By the thread that stops running.
  void PassOn() {
    std::shared_ptr<Sleeper> next = Next();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (next == nullptr) {
      all_over_ = true;
      over_.notify_all();
      return;
    }
    next->turn = true;
    next->changed.notify_all();
  }

  std::shared_ptr<Sleeper> Next() {
    while (left_ > 0) {
      if (std::exchange(woken_, false)) {
        for (auto it = sleepers_.begin(); it != sleepers_.end(); ++it) {
          if (!it->second->done()) continue;
          woken_ = true;  // and perhaps others
          return Take(it);
        }
      }
      const auto first = sleepers_.begin();
      if (first->first <= Now()) return Take(first);
      woken_ = Step(first->first);
    }
    return nullptr;
  }

  using Sleepers = std::multimap<absl::Time, std::shared_ptr<Sleeper>>;
  std::shared_ptr<Sleeper> Take(Sleepers::iterator it) {
    std::shared_ptr<Sleeper> taken = std::move(it->second);
    sleepers_.erase(it);
    return taken;
  }

  // Of the thread that runs.
  Sleepers sleepers_;   // by the end of their waits
  bool woken_ = false;  // some of them, perhaps
  std::list<std::thread> threads_;
  int left_ = 0;

  std::mutex mutex_;  // of the hand-over
  std::condition_variable over_;
  bool all_over_ = false;
};

}  // namespace graft
