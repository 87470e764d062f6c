#include "agent/askers.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace graft {

// How many threads there are. Outlives Askers for as long as one of them does.
class Askers::Crew {
 public:
  Crew(std::shared_ptr<const Clock> clock, std::shared_ptr<const void> keeps)
      : clock_(std::move(clock)), keeps_(std::move(keeps)) {}

  // How many of the threads that are wanted may be started now.
  int Hire(int wanted) {
    absl::MutexLock lock(&mutex_);
    const int hired = std::clamp(kMost - threads_, 0, wanted);
    threads_ += hired;
    return hired;
  }
  void Leave() {
    {
      absl::MutexLock lock(&mutex_);
      --threads_;
    }
    left_.Wake();
  }
  bool idle() const {
    absl::MutexLock lock(&mutex_);
    return threads_ == 0;
  }
  Cancellation& left() { return left_; }

 private:
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<const void> keeps_;
  Cancellation left_;  // woken when a thread ends
  mutable absl::Mutex mutex_;
  int threads_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The questions of one call.
class Askers::Round {
 public:
  Round(std::vector<std::function<void()>> questions, std::shared_ptr<Cancellation> waiter)
      : waiter_(std::move(waiter)),
        left_(std::make_move_iterator(questions.begin()), std::make_move_iterator(questions.end())),
        open_(left_.size()) {}

  // Answers questions until none is left.
  void Work() {
    while (std::function<void()> question = Next()) {
      question();
      question = nullptr;  // its connection ends before anybody hears that it is answered
      NoteAnswer();
    }
  }
  bool done() const {
    absl::MutexLock lock(&mutex_);
    return open_ == 0;
  }
  // Nobody waits any more, so no further question begins.
  void End() {
    std::deque<std::function<void()>> dropped;
    absl::MutexLock lock(&mutex_);
    over_ = true;
    dropped.swap(left_);
  }

 private:
  std::function<void()> Next() {
    absl::MutexLock lock(&mutex_);
    if (left_.empty()) return nullptr;
    std::function<void()> question = std::move(left_.front());
    left_.pop_front();
    return question;
  }
  void NoteAnswer() {
    {
      absl::MutexLock lock(&mutex_);
      --open_;
      if (over_ || open_ > 0) return;
    }
    waiter_->Wake();
  }

  const std::shared_ptr<Cancellation> waiter_;
  mutable absl::Mutex mutex_;
  std::deque<std::function<void()>> left_ ABSL_GUARDED_BY(mutex_);
  size_t open_ ABSL_GUARDED_BY(mutex_);
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
};

Askers::Askers(std::shared_ptr<Clock> clock, std::shared_ptr<const void> keeps)
    : clock_(std::move(clock)), crew_(std::make_shared<Crew>(clock_, std::move(keeps))) {}

AskAll Askers::AsFunction() {
  return [this](std::vector<std::function<void()>> questions,
                const std::shared_ptr<Cancellation>& cancellation, absl::Duration patience,
                const std::function<void()>& meanwhile) {
    return Ask(std::move(questions), cancellation, patience, meanwhile);
  };
}

absl::Status Askers::Ask(std::vector<std::function<void()>> questions,
                         const std::shared_ptr<Cancellation>& cancellation, absl::Duration patience,
                         const std::function<void()>& meanwhile) {
  const absl::Time deadline = clock_->Now() + patience;
  int wanted = static_cast<int>(std::min<size_t>(questions.size(), kMost));
  const auto round = std::make_shared<Round>(std::move(questions), cancellation);
  if (!cancellation->cancelled()) wanted -= Start(round, wanted);
  meanwhile();
  while (!cancellation->cancelled() && !round->done() && clock_->Now() < deadline) {
    // Late threads of an earlier call may have left few, so it is looked again for more.
    wanted -= Start(round, wanted);
    const absl::Duration look_again = wanted > 0 ? absl::Milliseconds(100) : absl::Minutes(1);
    cancellation->WaitUntil(*clock_, std::min(deadline, clock_->Now() + look_again));
  }
  round->End();
  return cancellation->cancelled() ? absl::CancelledError("cancelled") : absl::OkStatus();
}

int Askers::Start(const std::shared_ptr<Round>& round, int wanted) {
  const int hired = crew_->Hire(wanted);
  for (int i = 0; i < hired; ++i) {
    std::thread([crew = crew_, round] {
      round->Work();
      crew->Leave();
    }).detach();
  }
  return hired;
}

bool Askers::AwaitIdle(absl::Duration patience) {
  const absl::Time deadline = clock_->Now() + patience;
  while (!crew_->idle()) {
    if (clock_->Now() >= deadline) return false;
    crew_->left().WaitUntil(*clock_, deadline);
  }
  return true;
}

}  // namespace graft
