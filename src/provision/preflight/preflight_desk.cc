#include "provision/preflight/preflight_desk.h"

namespace graft {
namespace {

constexpr size_t kMostWaiting = 32;

}  // namespace

void PreflightDesk::Ask(const Operation& draft, PreflightDone on_done) {
  absl::Status refused;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) {
      refused = absl::UnavailableError("the agent is stopping");
    } else if (questions_.size() >= kMostWaiting) {
      refused = absl::ResourceExhaustedError("too many preflights wait already; ask again later");
    } else {
      questions_.push_back({draft, std::move(on_done)});
      return;
    }
  }
  on_done(refused);
}

void PreflightDesk::Serve(const Make& make) {
  while (true) {
    Question question;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](PreflightDesk* self) ABSL_NO_THREAD_SAFETY_ANALYSIS {
            return self->stopping_ || !self->questions_.empty();
          },
          this));
      if (stopping_) return;
      question = std::move(questions_.front());
      questions_.pop_front();
    }
    absl::StatusOr<PreflightReport> report = make(std::move(question.draft));
    if (report.ok()) {
      absl::MutexLock lock(&mutex_);
      last_ = *report;
    }
    question.on_done(std::move(report));
  }
}

std::optional<PreflightReport> PreflightDesk::Last() const {
  absl::MutexLock lock(&mutex_);
  return last_;
}

void PreflightDesk::Stop() {
  std::deque<Question> left;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    left.swap(questions_);
  }
  for (const Question& question : left) {
    question.on_done(absl::UnavailableError("the agent is stopping"));
  }
}

}  // namespace graft
