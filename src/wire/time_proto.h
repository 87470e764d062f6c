// Times and durations on the wire. Pure functions; below a nanosecond is cut off.
#ifndef GRAFT_WIRE_TIME_PROTO_H_
#define GRAFT_WIRE_TIME_PROTO_H_

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace graft {

google::protobuf::Timestamp ToTimestamp(absl::Time time);  // finite
absl::Time FromTimestamp(const google::protobuf::Timestamp& proto);

google::protobuf::Duration ToDuration(absl::Duration duration);  // finite
absl::Duration FromDuration(const google::protobuf::Duration& proto);

}  // namespace graft

#endif  // GRAFT_WIRE_TIME_PROTO_H_
