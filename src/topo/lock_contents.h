// The value of a lock's key: Vitess's JSON, with graft's fields added to it.
//
// The value is for people. The keys' versions are the order of the queue. Pure.
#ifndef GRAFT_TOPO_LOCK_CONTENTS_H_
#define GRAFT_TOPO_LOCK_CONTENTS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/queue_lock.h"

namespace graft::topo {

// As Vitess writes it: two spaces of indentation, Status "Running". Vitess's readers skip the
// fields GraftTablet and GraftOperation, which they do not know.
std::string LockContents(const QueueEntry& entry, absl::string_view host_name,
                         absl::string_view user_name, absl::Time now);

// The entry in the contents, as far as it can be read. Contents that are no JSON object give an
// empty entry.
QueueEntry ParseLockContents(absl::string_view contents);

}  // namespace graft::topo

#endif  // GRAFT_TOPO_LOCK_CONTENTS_H_
