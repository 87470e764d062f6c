#include "bench/many_tablets.h"

#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/errors.h"
#include "bench/bench_data.h"
#include "bench/bench_shard.h"
#include "bench/clone_ways.h"

namespace graft {
namespace {

constexpr int kTabletsPerShard = 100;
constexpr int kOwnTablets = 2;
constexpr int kWriters = 8;
constexpr int64_t kLittleData = 16'000'000;
constexpr uint32_t kFirstUid = 100000;
constexpr int kClosedPort = 1;

Tablet RecordOf(int number) {
  Tablet tablet;
  tablet.alias = {BenchShard::kCell, kFirstUid + static_cast<uint32_t>(number)};
  const int shard = number / kTabletsPerShard;
  tablet.keyspace = shard == 0 ? BenchShard::kKeyspace : absl::StrFormat("many_%04d", shard);
  tablet.shard = BenchShard::kShard;
  tablet.hostname = "127.0.0.1";
  tablet.port_map["graft"] = kClosedPort;
  tablet.mysql = {"127.0.0.1", kClosedPort};
  tablet.type = TabletType::kReplica;
  return tablet;
}

// Each writer has shards of its own, so that none waits for another's replication record.
absl::Status WriteTablets(VitessTopology& topology, int tablets) {
  std::vector<absl::Status> results(kWriters);
  std::vector<std::thread> writers;
  writers.reserve(kWriters);
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&topology, tablets, writer, &result = results[size_t(writer)]] {
      for (int i = kOwnTablets; i < tablets && result.ok(); ++i) {
        if (i / kTabletsPerShard % kWriters != writer) continue;
        result = topology.RegisterTablet(RecordOf(i)).status();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (const absl::Status& result : results) GRAFT_RETURN_IF_ERROR(result);
  return absl::OkStatus();
}

// How long the operation's step took.
absl::StatusOr<double> ResolveDonor(Clock& clock, BenchShard& shard, const v1::DonorChoice& donor) {
  GRAFT_RETURN_IF_ERROR(AddTransaction(shard.donor()));
  GRAFT_ASSIGN_OR_RETURN(const Rebuild rebuild, RebuildThroughGraft(clock, shard, donor, {}));
  for (const auto& [step, time] : rebuild.parts) {
    if (step == "resolve_donor") return absl::ToDoubleSeconds(time);
  }
  return absl::InternalError("the operation has no step resolve_donor");
}

absl::StatusOr<TopologyTimes> MeasureOnce(Clock& clock, BenchShard& shard, int runs) {
  TopologyTimes times;
  v1::DonorChoice primary;
  primary.set_primary(true);
  v1::DonorChoice any;
  any.set_any(true);
  for (int run = 0; run < runs; ++run) {
    GRAFT_RETURN_IF_ERROR(shard.StopAgent());
    GRAFT_ASSIGN_OR_RETURN(const absl::Duration registered, shard.StartAgent());
    times.register_seconds.push_back(absl::ToDoubleSeconds(registered));
    GRAFT_ASSIGN_OR_RETURN(const double to_primary, ResolveDonor(clock, shard, primary));
    times.primary_seconds.push_back(to_primary);
    GRAFT_ASSIGN_OR_RETURN(const double to_any, ResolveDonor(clock, shard, any));
    times.any_seconds.push_back(to_any);
  }
  return times;
}

}  // namespace

absl::StatusOr<std::vector<TopologyTimes>> MeasureManyTablets(Clock& clock, int tablets, int runs,
                                                              std::ostream& out) {
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<BenchShard> shard, BenchShard::Start());
  GRAFT_RETURN_IF_ERROR(GrowTo(shard->donor(), kLittleData).status());
  GRAFT_ASSIGN_OR_RETURN(TopologyTimes few, MeasureOnce(clock, *shard, runs));
  few.tablets = few.shard_tablets = kOwnTablets;
  const absl::Time begin = clock.Now();
  GRAFT_RETURN_IF_ERROR(WriteTablets(shard->topology(), tablets));
  out << absl::StrFormat("%d tablets written in %.1f s", tablets - kOwnTablets,
                         absl::ToDoubleSeconds(clock.Now() - begin))
      << std::endl;
  GRAFT_ASSIGN_OR_RETURN(TopologyTimes many, MeasureOnce(clock, *shard, runs));
  many.tablets = tablets;
  many.shard_tablets = kTabletsPerShard;
  return std::vector<TopologyTimes>{few, many};
}

}  // namespace graft
