#include "filestore/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "base/files.h"
#include "filestore/record_file.h"

namespace graft {
namespace {

// How long to wait with a folder that cannot be read at present.
constexpr absl::Duration kPauseAfterError = absl::Seconds(1);

class FolderWatch : public Watch {
 public:
  FolderWatch(const Folder& folder, absl::string_view prefix,
              std::function<void(const KeyEvent&)> on_event)
      : folder_(folder), prefix_(prefix), on_event_(std::move(on_event)) {}

  ~FolderWatch() override {
    if (!thread_.joinable()) return;
    const uint64_t one = 1;
    (void)!write(stop_.get(), &one, sizeof one);  // an eventfd's first write cannot fail
    thread_.join();
  }

  absl::Status Start(Version after) {
    stop_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    changes_ = Fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    // Each write ends with a new file of the name "revision".
    if (!stop_.ok() || !changes_.ok() ||
        inotify_add_watch(changes_.get(), folder_.root().c_str(), IN_MOVED_TO) < 0) {
      const int error = errno;
      return Annotate(StoreStatus(FileError("watch", folder_.root(), error)),
                      "see fs.inotify.max_user_instances and the limit on open files");
    }
    GRAFT_ASSIGN_OR_RETURN(const FolderSession session, folder_.Enter());
    if (after < 0 || after > session.version()) {
      return absl::InvalidArgumentError(absl::StrCat("folder store: watch of ", prefix_,
                                                     ": there is no version ", after, " yet"));
    }
    told_ = after == 0 ? session.version() : after;
    GRAFT_ASSIGN_OR_RETURN(const std::vector<KeyValue> items, session.List(prefix_));
    for (const KeyValue& item : items) known_.insert(item.key);
    thread_ = std::thread([this] { Run(); });
    return absl::OkStatus();
  }

 private:
  void Run() {
    while (true) {
      absl::StatusOr<absl::Duration> wait = TellNews();
      if (stopped_) return;
      Await(wait.ok() ? *wait : kPauseAfterError);
      if (stopped_) return;
    }
  }

  // Returns how long nothing more can happen without a change of the folder.
  absl::StatusOr<absl::Duration> TellNews() {
    std::vector<KeyEvent> events;
    absl::Duration wait;
    Version version = 0;
    {
      GRAFT_ASSIGN_OR_RETURN(const FolderSession session, folder_.Enter());
      GRAFT_ASSIGN_OR_RETURN(wait, session.UntilLeaseEnds());
      GRAFT_ASSIGN_OR_RETURN(events, News(session));
      version = session.version();
    }
    for (const KeyEvent& event : events) {
      if (!absl::StartsWith(event.item.key, prefix_)) continue;
      CheckStop();
      if (stopped_) return wait;
      Tell(event);
    }
    told_ = version;
    return wait;
  }

  absl::StatusOr<std::vector<KeyEvent>> News(const FolderSession& session) const {
    absl::StatusOr<std::vector<KeyEvent>> events = session.EventsAfter(told_);
    if (events.status().code() != absl::StatusCode::kOutOfRange) return events;
    return Difference(session);
  }

  // What to tell when the writes themselves are no longer kept.
  absl::StatusOr<std::vector<KeyEvent>> Difference(const FolderSession& session) const {
    GRAFT_ASSIGN_OR_RETURN(const std::vector<KeyValue> items, session.List(prefix_));
    std::set<std::string> gone = known_;
    std::vector<KeyEvent> events;
    for (const KeyValue& item : items) {
      gone.erase(item.key);
      if (item.version > told_) events.push_back({KeyEvent::Kind::kPut, item});
    }
    std::sort(events.begin(), events.end(),
              [](const KeyEvent& a, const KeyEvent& b) { return a.item.version < b.item.version; });
    for (const std::string& key : gone) {
      events.push_back({KeyEvent::Kind::kDelete, {key, "", session.version(), 0, kNoLease}});
    }
    return events;
  }

  void Tell(const KeyEvent& event) {
    if (event.kind == KeyEvent::Kind::kPut) {
      known_.insert(event.item.key);
    } else {
      known_.erase(event.item.key);
    }
    on_event_(event);
  }

  // Until the folder changes, `limit` is over or the watch is to stop.
  void Await(absl::Duration limit) {
    pollfd items[] = {{changes_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    const bool forever = limit > absl::Hours(24);
    poll(items, 2, forever ? -1 : static_cast<int>(absl::ToInt64Milliseconds(limit)) + 1);
    char events[4096];
    while (read(changes_.get(), events, sizeof events) > 0) {
    }
    CheckStop();
  }

  void CheckStop() {
    uint64_t count = 0;
    if (read(stop_.get(), &count, sizeof count) > 0) stopped_ = true;
  }

  const Folder& folder_;
  const std::string prefix_;
  const std::function<void(const KeyEvent&)> on_event_;
  Fd stop_;
  Fd changes_;
  // The thread's own once it runs.
  std::set<std::string> known_;
  Version told_ = 0;  // everything up to here has been told
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Watch>> StartFolderWatch(
    const Folder& folder, absl::string_view prefix, Version after,
    std::function<void(const KeyEvent&)> on_event) {
  auto watch = std::make_unique<FolderWatch>(folder, prefix, std::move(on_event));
  GRAFT_RETURN_IF_ERROR(watch->Start(after));
  return std::unique_ptr<Watch>(std::move(watch));
}

}  // namespace graft
