#include "agent/askers.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace graft {

// Outlives Askers for as long as one of the threads does.
struct Askers::Crew {
  const std::shared_ptr<const Clock> clock;
  const std::shared_ptr<const void> keeps;
  Cancellation left{};  // woken when a thread ends
  absl::Mutex mutex{};
  int threads ABSL_GUARDED_BY(mutex) = 0;
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
    : clock_(std::move(clock)), crew_(new Crew{clock_, std::move(keeps)}) {}

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
  int hired = 0;
  {
    absl::MutexLock lock(&crew_->mutex);
    hired = std::clamp(kMost - crew_->threads, 0, wanted);
    crew_->threads += hired;
  }
  for (int i = 0; i < hired; ++i) {
    std::thread([crew = crew_, round] {
      round->Work();
      {
        absl::MutexLock lock(&crew->mutex);
        --crew->threads;
      }
      crew->left.Wake();
    }).detach();
  }
  return hired;
}

bool Askers::AwaitIdle(absl::Duration patience) {
  const absl::Time deadline = clock_->Now() + patience;
  const auto idle = [this] {
    absl::MutexLock lock(&crew_->mutex);
    return crew_->threads == 0;
  };
  while (!idle()) {
    if (clock_->Now() >= deadline) return false;
    crew_->left.WaitUntil(*clock_, deadline);
  }
  return true;
}

}  // namespace graft
