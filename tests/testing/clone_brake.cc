#include "testing/clone_brake.h"

#include "absl/strings/str_cat.h"
#include "testing/eventually.h"

namespace graft {

absl::Status BrakeClone(MysqlSandbox& recipient, int mib_per_second) {
  return recipient
      .Sql(absl::StrCat("SET GLOBAL clone_autotune_concurrency=OFF; "
                        "SET GLOBAL clone_max_data_bandwidth=",
                        mib_per_second))
      .status();
}

absl::Status ReleaseClone(MysqlSandbox& recipient) {
  return recipient.Sql("SET GLOBAL clone_max_data_bandwidth=0").status();
}

absl::Status AwaitFileCopy(MysqlSandbox& recipient) {
  const auto copying = [&] {
    return recipient
               .SqlValue(
                   "SELECT state FROM performance_schema.clone_progress "
                   "WHERE stage='FILE COPY' AND network > 0")
               .value_or("") == "In Progress";
  };
  if (Eventually(absl::Seconds(30), copying)) return absl::OkStatus();
  return absl::DeadlineExceededError("no file is being copied");
}

}  // namespace graft
