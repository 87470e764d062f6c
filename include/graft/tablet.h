// Plain values of the topology: aliases, tablets, shards. No wire format here; see src/topo.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

// "<cell>-<uid>", printed with ten digits: zone1-0000000101.
struct TabletAlias {
  std::string cell;
  uint32_t uid = 0;

  bool empty() const { return cell.empty(); }
  std::string ToString() const;
  // Any zero padding is accepted; the last '-' splits. INVALID_ARGUMENT.
  static absl::StatusOr<TabletAlias> Parse(absl::string_view text);

  friend bool operator==(const TabletAlias& a, const TabletAlias& b) {
    return a.cell == b.cell && a.uid == b.uid;
  }
  friend bool operator!=(const TabletAlias& a, const TabletAlias& b) { return !(a == b); }
  friend bool operator<(const TabletAlias& a, const TabletAlias& b) {
    return a.cell != b.cell ? a.cell < b.cell : a.uid < b.uid;
  }
};

// Numbers are Vitess's topodata.TabletType.
enum class TabletType {
  kUnknown = 0,
  kPrimary = 1,
  kReplica = 2,
  kRdonly = 3,
  kSpare = 4,
  kExperimental = 5,
  kBackup = 6,
  kRestore = 7,
  kDrained = 8,
};

absl::string_view TabletTypeName(TabletType type);  // "REPLICA"
// By name in any case ("replica"). INVALID_ARGUMENT.
absl::StatusOr<TabletType> ParseTabletType(absl::string_view name);

struct HostPort {
  std::string host;
  int port = 0;

  bool empty() const { return host.empty() || port == 0; }
  std::string ToString() const;  // "host:port"
};

struct Tablet {
  TabletAlias alias;
  std::string hostname;                 // where the agent listens
  std::map<std::string, int> port_map;  // "graft": our gRPC, "vt": HTTP, "grpc": tabletmanager
  std::string keyspace;
  std::string shard;
  TabletType type = TabletType::kUnknown;
  std::map<std::string, std::string> tags;
  HostPort mysql;           // where mysqld listens; empty when cleanly stopped
  std::string mysql_fault;  // why the record's address is none; `mysql` is empty then
  absl::Time start_time = absl::InfinitePast();     // InfinitePast(): unset
  absl::Time shutdown_time = absl::InfinitePast();  // InfinitePast(): unset

  std::string Tag(const std::string& name) const;  // empty: it has none
  int Port(const std::string& name) const;         // 0: it has none
  bool SaysDropped() const;                        // by its tag the data is PARTIAL or EMPTY
};

// What a tablet's agent says in its record for those that look for a donor, within seconds of each
// change, so that not every recipient has to ask every server. It decides whom to ask first.
enum class LagClass { kCurrent, kUnknown, kBehind, kFarBehind, kStopped };  // the best first
struct DonorHealth {
  std::string version;  // "9.7.4"; empty: not said
  LagClass lag = LagClass::kUnknown;
  bool donates = false;  // its data is being cloned
  bool empty = false;    // no schema and no transaction
  friend bool operator==(const DonorHealth& a, const DonorHealth& b) {
    return std::tie(a.version, a.lag, a.donates, a.empty) ==
           std::tie(b.version, b.lag, b.donates, b.empty);
  }
};
// In the tags graft.mysql_version, graft.lag ("far_behind"), graft.donates and graft.empty.
DonorHealth ReadHealth(const Tablet& tablet);
void WriteHealth(const DonorHealth& health, Tablet& tablet);

struct Shard {
  std::string keyspace;
  std::string name;
  TabletAlias primary;  // empty: none
};

// A cell some or all of whose tablets could not be read, and why.
struct MissingCell {
  std::string name;
  absl::Status why;
};

struct TabletList {
  std::vector<Tablet> tablets;  // by alias
  std::vector<MissingCell> missing_cells;

  // "cell zone2 is missing here: …; cell zone3 is …"; empty: the list is whole.
  std::string MissingText() const;
};

}  // namespace graft
