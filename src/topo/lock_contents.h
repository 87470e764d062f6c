// What the value of a lock's key says: Vitess's JSON, with graft's fields added to it.
//
// It is for people: the order of a queue is in the keys' versions. Pure.
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

// What can be made out of anybody's contents; an empty entry if they are no JSON object.
QueueEntry ParseLockContents(absl::string_view contents);

}  // namespace graft::topo

#endif  // GRAFT_TOPO_LOCK_CONTENTS_H_
