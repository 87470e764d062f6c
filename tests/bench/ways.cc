#include "bench/ways.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "bench/clone_ways.h"
#include "bench/comparison.h"
#include "bench/dump_ways.h"
#include "bench/file_copy.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

// Into a folder on the same file system, removed afterwards.
absl::StatusOr<Rebuild> CopyDonorsFiles(Clock& clock, BenchShard& shard, absl::Duration /*limit*/) {
  const TempFolder folder("copy", TempFolder::OnFailure::kRemove);
  PartTimer timer(clock);
  GRAFT_ASSIGN_OR_RETURN(const int64_t bytes,
                         CopyOverLoopback(shard.donor().paths().data(), folder.path()));
  timer.End(absl::StrCat(bytes / 1000000, " MB"));
  return timer.Take();
}

absl::StatusOr<Rebuild> ThroughGraft(Clock& clock, BenchShard& shard, absl::Duration /*limit*/) {
  return RebuildThroughGraft(clock, shard);
}

absl::StatusOr<Rebuild> ByHand(Clock& clock, BenchShard& shard, absl::Duration /*limit*/) {
  // No agent beside it: one open session more, as the agent's is, and mysqld's shutdown waits 2 s.
  GRAFT_RETURN_IF_ERROR(shard.StopAgent());
  absl::StatusOr<Rebuild> rebuild = RebuildByHand(clock, shard);
  GRAFT_RETURN_IF_ERROR(shard.StartAgent().status());
  return rebuild;
}

}  // namespace

const std::vector<Way>& AllWays() {
  static const std::vector<Way>& ways = *new std::vector<Way>{
      // name, what runs it, slow, makes a replica
      {kGraft, ThroughGraft, false, true},        {kByHand, ByHand, false, true},
      {kFileCopy, CopyDonorsFiles, false, false}, {kMysqldump, RebuildByMysqldump, true, true},
      {kMydumper, RebuildByMydumper, true, true},
  };
  return ways;
}

}  // namespace graft
