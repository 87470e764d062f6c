// gRPC metadata of the agent's calls.
#pragma once

namespace graft {

// Of a call: the alias of the tablet that it is meant for. Another tablet's agent refuses it, with
// OTHER_TABLET. A call without it is meant for whoever is there.
inline constexpr char kTabletMetadata[] = "graft-tablet";
// Trailing, of a failure: its reason.
inline constexpr char kReasonMetadata[] = "graft-reason";

}  // namespace graft
