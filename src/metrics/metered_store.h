// Times and counts the calls of a KeyValueStore, and changes nothing else.
#ifndef GRAFT_METRICS_METERED_STORE_H_
#define GRAFT_METRICS_METERED_STORE_H_

#include <memory>

#include "graft/key_value_store.h"
#include "metrics/call_meter.h"

namespace graft {

// A watch counts as the call that begins it. `meter` must outlive the result.
std::unique_ptr<KeyValueStore> MakeMeteredStore(std::unique_ptr<KeyValueStore> store,
                                                CallMeter& meter);

}  // namespace graft

#endif  // GRAFT_METRICS_METERED_STORE_H_
