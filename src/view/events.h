// What an operation went through and what it proved. Pure functions.
#ifndef GRAFT_VIEW_EVENTS_H_
#define GRAFT_VIEW_EVENTS_H_

#include <string>
#include <vector>

#include "graft/v1/operation.pb.h"
#include "view/operation.h"

namespace graft::view {

struct Event {
  std::string what;     // "attempt 1 from zone1-1 failed in clone"
  std::string details;  // may be empty
  Tone tone = Tone::kPlain;

  std::string Line() const { return details.empty() ? what : what + ": " + details; }
};

// Failed attempts first, then refused donors, findings, sessions that graft ended, and what the new
// data cost. An event stays the same as long as what happened stays the same.
// `kAll` cuts no list and no GTID set.
enum class Extent { kCut, kAll };
std::vector<Event> EventsOf(const v1::Operation& operation, Extent extent = Extent::kCut);

}  // namespace graft::view

#endif  // GRAFT_VIEW_EVENTS_H_
