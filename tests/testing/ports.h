// Free ports of 127.0.0.1.
#pragma once

namespace graft {

// A port that nobody listens on, and that no other test program is given until this one ends. It
// lies below the range from which the system takes the ports of outgoing connections, so that it
// stays free. Aborts if there is none. Safe for use from several threads.
int FreePort();

}  // namespace graft
