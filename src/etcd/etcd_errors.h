// Converts etcd's answers to the codes of the port. Private to src/etcd.
#ifndef GRAFT_ETCD_ETCD_ERRORS_H_
#define GRAFT_ETCD_ETCD_ERRORS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"

namespace graft {

// "etcd at <address>: <what>: <etcd's text>", in the port's codes. OK stays OK.
absl::Status FromEtcd(const grpc::Status& status, absl::string_view address,
                      absl::string_view what);

// Whether a call that ended so surely changed nothing, so that a write may be sent elsewhere.
bool SurelyNotDone(const grpc::Status& status);

// etcd's "mvcc: required revision has been compacted", before and after FromEtcd().
bool IsCompacted(const absl::Status& status);

}  // namespace graft

#endif  // GRAFT_ETCD_ETCD_ERRORS_H_
