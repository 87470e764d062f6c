// ProgressMeter: turns successive clone reports into Progress, with a rate over the last seconds.
#ifndef GRAFT_PROVISION_PROGRESS_PROGRESS_METER_H_
#define GRAFT_PROVISION_PROGRESS_PROGRESS_METER_H_

#include <deque>
#include <utility>

#include "absl/time/time.h"
#include "graft/operation.h"

namespace graft {

class ProgressMeter {
 public:
  // Updates `progress` from the report at `now`. Returns whether bytes or stage moved.
  bool Update(const CloneReport& report, absl::Time now, Progress& progress);

 private:
  double Rate(absl::Time now, int64_t bytes);

  std::deque<std::pair<absl::Time, int64_t>> samples_;  // of the last kWindow
};

}  // namespace graft

#endif  // GRAFT_PROVISION_PROGRESS_PROGRESS_METER_H_
