#include "etcd/cluster.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/errors.h"
#include "graft/clock.h"

namespace graft {
namespace {

namespace pb = ::etcdserverpb;

constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(2);

KeyEvent PutEvent(const pb::KeyValue& kv) {
  return {KeyEvent::Kind::kPut, FromProto(kv)};
}

KeyEvent DeleteEvent(const std::string& key, Version version) {
  return {KeyEvent::Kind::kDelete, {key, "", version, 0, kNoLease}};
}

class EtcdWatch : public Watch {
 public:
  EtcdWatch(Clock& clock, EtcdCluster& cluster, absl::string_view prefix,
            std::function<void(const KeyEvent&)> on_event)
      : clock_(clock), cluster_(cluster), range_(prefix), on_event_(std::move(on_event)) {}

  ~EtcdWatch() override {
    cancellation_.Cancel();
    {
      absl::MutexLock lock(&mutex_);
      if (context_ != nullptr) context_->TryCancel();
    }
    if (thread_.joinable()) thread_.join();
  }

  // Learns which keys there are at `after`, so that a later loss of revisions can be told as a
  // difference.
  absl::Status Start(Version after) {
    pb::RangeResponse present;
    absl::Status status = Read(after, /*keys_only=*/true, present);
    if (IsCompacted(status)) {  // nothing is known of the keys then; the thread catches up
      next_ = after + 1;
    } else {
      GRAFT_RETURN_IF_ERROR(status);
      for (const pb::KeyValue& kv : present.kvs()) known_.insert(kv.key());
      next_ = (after == 0 ? present.header().revision() : after) + 1;
    }
    thread_ = std::thread([this] { Run(); });
    return absl::OkStatus();
  }

 private:
  absl::Status Read(Version at, bool keys_only, pb::RangeResponse& response) {
    pb::RangeRequest request;
    request.set_key(range_.key);
    request.set_range_end(range_.end);
    request.set_revision(at);
    request.set_keys_only(keys_only);
    return cluster_.Call(EtcdCluster::Repeat::kYes, absl::StrCat("watch of ", range_.key),
                         [&](EtcdMember& member, grpc::ClientContext& context) {
                           return member.kv.Range(&context, request, &response);
                         });
  }

  void Run() {
    size_t member = cluster_.preferred();
    absl::Duration pause = kFirstPause;
    while (!cancellation_.cancelled()) {
      if (Follow(cluster_.member(member))) {
        pause = kFirstPause;
        continue;
      }
      member = cluster_.After(member);
      cancellation_.WaitFor(clock_, pause);
      pause = std::min(2 * pause, kLongestPause);
    }
  }

  // Reads one stream until it ends. Returns whether it brought anything, so that a server that
  // accepts and drops at once is not asked in a tight loop.
  bool Follow(EtcdMember& member) {
    member.EndBackoff();
    grpc::ClientContext context;
    // Ends the stream when the member has lost its leader and would stay silent.
    context.AddMetadata("hasleader", "true");
    {
      absl::MutexLock lock(&mutex_);
      if (cancellation_.cancelled()) return false;
      context_ = &context;
    }
    auto stream = member.watch.Watch(&context);
    pb::WatchResponse response;
    bool useful = false;
    if (stream->Write(CreateRequest())) {
      while (stream->Read(&response) && Handle(response, useful)) {
      }
    }
    context.TryCancel();
    {
      absl::MutexLock lock(&mutex_);
      context_ = nullptr;
    }
    (void)stream->Finish();  // why a stream ended changes nothing: the next one begins where it did
    return useful;
  }

  pb::WatchRequest CreateRequest() const {
    pb::WatchRequest request;
    pb::WatchCreateRequest& create = *request.mutable_create_request();
    create.set_key(range_.key);
    create.set_range_end(range_.end);
    create.set_start_revision(next_);
    create.set_progress_notify(true);  // so that an idle watch does not fall behind compaction
    return request;
  }

  // Returns whether the stream goes on.
  bool Handle(const pb::WatchResponse& response, bool& useful) {
    if (response.canceled()) {
      if (response.compact_revision() > 0) useful = CatchUp(response.compact_revision());
      return false;
    }
    if (response.created()) return true;
    useful = true;
    if (response.events().empty()) {  // a progress notice: all before it has been told
      next_ = std::max<Version>(next_, response.header().revision() + 1);
      return true;
    }
    for (const pb::Event& event : response.events()) {
      const pb::KeyValue& kv = event.kv();
      const bool deleted = event.type() == pb::Event::DELETE;
      if (!Tell(deleted ? DeleteEvent(kv.key(), kv.mod_revision()) : PutEvent(kv))) return false;
    }
    next_ = response.events().rbegin()->kv().mod_revision() + 1;
    return true;
  }

  // The revisions from next_ on are compacted away up to `compacted`: tells the difference to the
  // state there, which etcd still has, and goes on behind it.
  bool CatchUp(Version compacted) {
    pb::RangeResponse then;
    if (!Read(compacted, /*keys_only=*/false, then).ok()) return false;
    std::set<std::string> gone = known_;
    std::vector<const pb::KeyValue*> written;
    for (const pb::KeyValue& kv : then.kvs()) {
      gone.erase(kv.key());
      if (kv.mod_revision() >= next_) written.push_back(&kv);
    }
    std::sort(written.begin(), written.end(),
              [](const auto* a, const auto* b) { return a->mod_revision() < b->mod_revision(); });
    for (const pb::KeyValue* kv : written) {
      if (!Tell(PutEvent(*kv))) return false;
    }
    for (const std::string& key : gone) {
      if (!Tell(DeleteEvent(key, compacted))) return false;
    }
    next_ = compacted + 1;
    return true;
  }

  // Returns false once the watch is to end.
  bool Tell(const KeyEvent& event) {
    if (cancellation_.cancelled()) return false;
    if (event.kind == KeyEvent::Kind::kPut) {
      known_.insert(event.item.key);
    } else {
      known_.erase(event.item.key);
    }
    on_event_(event);
    return true;
  }

  Clock& clock_;
  EtcdCluster& cluster_;
  const EtcdRange range_;
  const std::function<void(const KeyEvent&)> on_event_;
  // The thread's own once it runs.
  std::set<std::string> known_;
  Version next_ = 0;  // the first revision that has not been told

  Cancellation cancellation_;
  absl::Mutex mutex_;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::thread thread_;
};

}  // namespace

EtcdRange::EtcdRange(absl::string_view prefix) : key(prefix), end(prefix) {
  // The first key behind all that start with the prefix: its last byte that can grow, grown.
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) {
    end.assign(1, '\0');  // etcd's "no end"
  } else {
    ++end.back();
  }
  if (key.empty()) key.assign(1, '\0');  // etcd's "from the first"
}

absl::StatusOr<std::unique_ptr<Watch>> StartEtcdWatch(
    Clock& clock, EtcdCluster& cluster, absl::string_view prefix, Version after,
    std::function<void(const KeyEvent&)> on_event) {
  auto watch = std::make_unique<EtcdWatch>(clock, cluster, prefix, std::move(on_event));
  GRAFT_RETURN_IF_ERROR(watch->Start(after));
  return std::unique_ptr<Watch>(std::move(watch));
}

}  // namespace graft
