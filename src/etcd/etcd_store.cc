#include "etcd/etcd_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "etcd/cluster.h"
#include "etcd/etcd_watch.h"

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

  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix) override {
    const EtcdRange range(prefix);
    pb::RangeRequest request;
    request.set_key(range.key);
    request.set_range_end(range.end);
    GRAFT_ASSIGN_OR_RETURN(pb::RangeResponse response,
                           Range(absl::StrCat("list ", prefix), request));
    std::vector<KeyValue> result;
    result.reserve(response.kvs_size());
    for (const pb::KeyValue& kv : response.kvs()) result.push_back(FromProto(kv));
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

  absl::StatusOr<pb::TxnResponse> Txn(absl::string_view what, const pb::TxnRequest& request) {
    pb::TxnResponse response;
    GRAFT_RETURN_IF_ERROR(
        cluster_->Call(Repeat::kNo, what, [&](EtcdMember& member, grpc::ClientContext& context) {
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
