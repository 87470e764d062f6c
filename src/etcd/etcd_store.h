// EtcdStore: the key-value port on etcd v3 (3.4 and later), over gRPC.
//
// A call goes to the endpoint that answered last; where that one is down, to the next, within the
// call's one timeout. A write goes to a second endpoint only if the first surely did not get it;
// otherwise it ends with DEADLINE_EXCEEDED: it may have happened. Keys are written as Vitess writes
// them (docs/architecture.md), so both may share a store.
//
// A watch that was cut off for so long that etcd has compacted the revisions in between is told the
// difference instead (a put per key written since, a delete per key gone): the state is right, the
// steps in between are lost. If `after` itself is compacted, keys deleted between it and the
// compaction are not told.
//
// Safe for use from several threads. `clock` must outlive the store, the store its watches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"

namespace graft {

struct EtcdOptions {
  std::vector<std::string> endpoints;  // "host:port"; a leading http:// or https:// is ignored
  // TLS is on when certificate and key are set, as in Vitess; a CA alone does nothing. No CA: the
  // system's. Files are PEM and read once.
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_ca_file;
  absl::Duration call_timeout = absl::Seconds(5);
};

// Does not connect yet. INVALID_ARGUMENT: no or bad endpoints, half a TLS pair, unreadable files.
absl::StatusOr<std::unique_ptr<KeyValueStore>> MakeEtcdStore(Clock& clock,
                                                             const EtcdOptions& options);

}  // namespace graft
