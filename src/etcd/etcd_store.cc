#include "etcd/etcd_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "etcd/cluster.h"

namespace graft {
namespace {

namespace pb = ::etcdserverpb;
using Repeat = EtcdCluster::Repeat;

absl::Status CheckKey(absl::string_view key) {
  if (key.empty()) return absl::InvalidArgumentError("etcd: the key is empty");
  return absl::OkStatus();
}

absl::Status Changed(absl::string_view key, Version expected) {
  return absl::AbortedError(
      absl::StrCat("etcd: ", key, " no longer has version ", expected, ": read it again"));
}

// Adds "the key's mod_revision is `expected`".
void CompareVersion(pb::TxnRequest& txn, absl::string_view key, Version expected) {
  pb::Compare& compare = *txn.add_compare();
  compare.set_key(std::string(key));
  compare.set_target(pb::Compare::MOD);
  compare.set_result(pb::Compare::EQUAL);
  compare.set_mod_revision(expected);
}

pb::PutRequest& AddPut(pb::TxnRequest& txn, absl::string_view key, absl::string_view value) {
  pb::PutRequest& put = *txn.add_success()->mutable_request_put();
  put.set_key(std::string(key));
  put.set_value(std::string(value));
  return put;
}

// etcd's own --max-txn-ops is 128.
constexpr size_t kRunsAtOnce = 100;

pb::RangeRequest RequestFor(const EtcdRange& range) {
  pb::RangeRequest request;
  request.set_key(range.key);
  request.set_range_end(range.end);
  return request;
}

// The keys that end with `suffix`, as few ranges in which no other key lies.
std::vector<EtcdRange> RunsOf(const pb::RangeResponse& keys, absl::string_view suffix) {
  std::vector<EtcdRange> runs;
  bool in_run = false;
  for (const pb::KeyValue& kv : keys.kvs()) {
    const bool wanted = absl::EndsWith(kv.key(), suffix);
    if (wanted && !in_run) runs.push_back({kv.key(), ""});
    if (wanted) runs.back().end = kv.key() + '\0';  // the least key that is greater
    in_run = wanted;
  }
  return runs;
}

class EtcdStore : public KeyValueStore {
 public:
  EtcdStore(Clock& clock, std::unique_ptr<EtcdCluster> cluster)
      : clock_(clock), cluster_(std::move(cluster)) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override {
    GRAFT_RETURN_IF_ERROR(CheckKey(key));
    pb::RangeRequest request;
    request.set_key(std::string(key));
    GRAFT_ASSIGN_OR_RETURN(pb::RangeResponse response, Range(absl::StrCat("get ", key), request));
    if (response.kvs().empty()) {
      return absl::NotFoundError(absl::StrCat("etcd: no such key: ", key));
    }
    return FromProto(response.kvs(0));
  }

  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override {
    GRAFT_RETURN_IF_ERROR(CheckKey(key));
    pb::TxnRequest txn;
    pb::Compare& compare = *txn.add_compare();
    compare.set_key(std::string(key));
    compare.set_target(pb::Compare::VERSION);
    compare.set_result(pb::Compare::EQUAL);
    compare.set_version(0);
    AddPut(txn, key, value).set_lease(lease);
    GRAFT_ASSIGN_OR_RETURN(pb::TxnResponse response, Txn(absl::StrCat("create ", key), txn));
    if (!response.succeeded()) {
      return absl::AlreadyExistsError(absl::StrCat("etcd: the key exists: ", key));
    }
    return response.header().revision();
  }

  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override {
    GRAFT_RETURN_IF_ERROR(CheckKey(key));
    if (expected <= 0) return Changed(key, expected);  // to etcd, 0 means "does not exist"
    pb::TxnRequest txn;
    CompareVersion(txn, key, expected);
    AddPut(txn, key, value).set_ignore_lease(true);
    GRAFT_ASSIGN_OR_RETURN(pb::TxnResponse response, Txn(absl::StrCat("update ", key), txn));
    if (!response.succeeded()) return Changed(key, expected);
    return response.header().revision();
  }

  absl::Status Delete(absl::string_view key, Version expected) override {
    GRAFT_RETURN_IF_ERROR(CheckKey(key));
    pb::TxnRequest txn;
    // To etcd, 0 means "does not exist"; no key ever has -1.
    CompareVersion(txn, key, expected > 0 ? expected : -1);
    txn.add_success()->mutable_request_delete_range()->set_key(std::string(key));
    // Tells "gone" from "changed".
    txn.add_failure()->mutable_request_range()->set_key(std::string(key));
    GRAFT_ASSIGN_OR_RETURN(pb::TxnResponse response, Txn(absl::StrCat("delete ", key), txn));
    if (response.succeeded()) return absl::OkStatus();
    const bool exists =
        response.responses_size() > 0 && !response.responses(0).response_range().kvs().empty();
    if (exists) return Changed(key, expected);
    return absl::NotFoundError(absl::StrCat("etcd: no such key: ", key));
  }

  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix,
                                             absl::string_view suffix) override {
    const std::string what = absl::StrCat("list ", prefix);
    const EtcdRange all(prefix);
    std::vector<EtcdRange> runs = {all};
    if (!suffix.empty()) {
      pb::RangeRequest keys = RequestFor(all);
      keys.set_keys_only(true);
      GRAFT_ASSIGN_OR_RETURN(const pb::RangeResponse present, Range(what, keys));
      runs = RunsOf(present, suffix);
    }
    std::vector<KeyValue> result;
    for (size_t first = 0; first < runs.size(); first += kRunsAtOnce) {
      pb::TxnRequest txn;
      for (size_t i = first; i < std::min(runs.size(), first + kRunsAtOnce); ++i) {
        *txn.add_success()->mutable_request_range() = RequestFor(runs[i]);
      }
      GRAFT_ASSIGN_OR_RETURN(const pb::TxnResponse response, Txn(what, txn, Repeat::kYes));
      for (const pb::ResponseOp& op : response.responses()) {
        for (const pb::KeyValue& kv : op.response_range().kvs()) {
          if (absl::EndsWith(kv.key(), suffix)) result.push_back(FromProto(kv));
        }
      }
    }
    return result;
  }

  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version after,
      std::function<void(const KeyEvent&)> on_event) override {
    if (after < 0) return absl::InvalidArgumentError("etcd: watch after a negative version");
    return StartEtcdWatch(clock_, *cluster_, prefix, after, std::move(on_event));
  }

  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override {
    if (ttl < absl::Seconds(1) || ttl % absl::Seconds(1) != absl::ZeroDuration()) {
      return absl::InvalidArgumentError("etcd: a lease lasts whole seconds, at least 1");
    }
    pb::LeaseGrantRequest request;
    request.set_ttl(absl::ToInt64Seconds(ttl));
    pb::LeaseGrantResponse response;
    // At worst a repeated call leaves an unused lease, which ends by itself.
    GRAFT_RETURN_IF_ERROR(cluster_->Call(
        Repeat::kYes, "grant a lease", [&](EtcdMember& member, grpc::ClientContext& context) {
          return member.lease.LeaseGrant(&context, request, &response);
        }));
    return response.id();
  }

  absl::Status KeepLeaseAlive(LeaseId lease) override {
    pb::LeaseKeepAliveRequest request;
    request.set_id(lease);
    pb::LeaseKeepAliveResponse response;
    GRAFT_RETURN_IF_ERROR(
        cluster_->Call(Repeat::kYes, absl::StrCat("keep lease ", lease, " alive"),
                       [&](EtcdMember& member, grpc::ClientContext& context) {
                         auto stream = member.lease.LeaseKeepAlive(&context);
                         const bool answered = stream->Write(request) && stream->Read(&response);
                         if (answered)
                           context.TryCancel();  // one answer is all; the end of the stream is not
                         const grpc::Status status = stream->Finish();
                         return answered ? grpc::Status::OK : status;
                       }));
    if (response.ttl() <= 0) {
      return absl::NotFoundError(absl::StrCat("etcd: lease ", lease, " has ended"));
    }
    return absl::OkStatus();
  }

  void EndCallsBy(absl::Time when) override { cluster_->EndCallsBy(when); }

  absl::Status RevokeLease(LeaseId lease) override {
    pb::LeaseRevokeRequest request;
    request.set_id(lease);
    return cluster_->Call(Repeat::kNo, absl::StrCat("revoke lease ", lease),
                          [&](EtcdMember& member, grpc::ClientContext& context) {
                            pb::LeaseRevokeResponse response;
                            return member.lease.LeaseRevoke(&context, request, &response);
                          });
  }

 private:
  absl::StatusOr<pb::RangeResponse> Range(absl::string_view what, const pb::RangeRequest& request) {
    pb::RangeResponse response;
    GRAFT_RETURN_IF_ERROR(
        cluster_->Call(Repeat::kYes, what, [&](EtcdMember& member, grpc::ClientContext& context) {
          return member.kv.Range(&context, request, &response);
        }));
    return response;
  }

  absl::StatusOr<pb::TxnResponse> Txn(absl::string_view what, const pb::TxnRequest& request,
                                      Repeat repeat = Repeat::kNo) {
    pb::TxnResponse response;
    GRAFT_RETURN_IF_ERROR(
        cluster_->Call(repeat, what, [&](EtcdMember& member, grpc::ClientContext& context) {
          return member.kv.Txn(&context, request, &response);
        }));
    return response;
  }

  Clock& clock_;
  const std::unique_ptr<EtcdCluster> cluster_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyValueStore>> MakeEtcdStore(Clock& clock,
                                                             const EtcdOptions& options) {
  GRAFT_ASSIGN_OR_RETURN(std::unique_ptr<EtcdCluster> cluster, EtcdCluster::Create(clock, options));
  return std::unique_ptr<KeyValueStore>(std::make_unique<EtcdStore>(clock, std::move(cluster)));
}

}  // namespace graft
