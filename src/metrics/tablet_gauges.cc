#include <algorithm>
#include <string>

#include "metrics/gauges.h"

namespace graft {
namespace {

double Number(bool value) {
  return value ? 1 : 0;
}

void WriteServer(const TabletSnapshot& tablet, absl::Time now, MetricsPage& page) {
  page.Gauge("graft_mysql_up", "1: mysqld answered when it was asked last.")
      .Set(Number(tablet.mysql_reachable));
  auto age = page.Gauge("graft_mysql_read_age_seconds", "Since mysqld was asked last.");
  if (tablet.read_at != absl::InfinitePast()) {
    age.Set(absl::ToDoubleSeconds(std::max(now - tablet.read_at, absl::ZeroDuration())));
  }
  auto info = page.Gauge("graft_mysql_info", "1; the label tells of mysqld.");
  if (!tablet.mysql_version.empty()) info.Set(1, {{"version", tablet.mysql_version}});
  auto read_only = page.Gauge("graft_mysql_super_read_only", "1: super_read_only is ON.");
  if (tablet.mysql_reachable) read_only.Set(Number(tablet.super_read_only));
}

void WriteReplication(const TabletSnapshot& tablet, MetricsPage& page) {
  auto channels = page.Gauge("graft_replication_channels", "Replication channels configured.");
  auto receiver = page.Gauge("graft_replication_receiver_running",
                             "1: the channel's receiver (IO) thread is connected.");
  auto connecting = page.Gauge("graft_replication_receiver_connecting",
                               "1: the channel's receiver (IO) thread tries to connect.");
  auto applier = page.Gauge("graft_replication_applier_running",
                            "1: the channel's applier (SQL) thread runs.");
  auto error = page.Gauge("graft_replication_last_errno",
                          "MySQL's number of the thread's last error; 0: none.");
  auto lag = page.Gauge("graft_replication_lag_seconds",
                        "How far the channel is behind its source, as MySQL says.");
  if (!tablet.mysql_reachable) return;
  channels.Set(static_cast<double>(tablet.replication.size()));
  for (const ReplicationChannel& channel : tablet.replication) {
    const MetricsPage::Labels labels = {{"channel", channel.name}};
    receiver.Set(Number(channel.receiver_running), labels);
    connecting.Set(Number(channel.receiver_connecting), labels);
    applier.Set(Number(channel.applier_running), labels);
    error.Set(channel.receiver_errno, {{"channel", channel.name}, {"thread", "receiver"}});
    error.Set(channel.applier_errno, {{"channel", channel.name}, {"thread", "applier"}});
    if (channel.lag.has_value()) lag.Set(absl::ToDoubleSeconds(*channel.lag), labels);
  }
}

void WriteDonations(const TabletSnapshot& tablet, MetricsPage& page) {
  auto donating = page.Gauge("graft_donations_running", "1: mysqld is being cloned from.");
  if (tablet.mysql_reachable && tablet.donating.has_value()) {
    donating.Set(Number(*tablet.donating));
  }
  page.Counter("graft_donations_total", "Clones from this mysqld that were seen.")
      .Set(static_cast<double>(tablet.donations_seen));
}

}  // namespace

void WriteTablet(const TabletSnapshot& tablet, absl::Time now, MetricsPage& page) {
  page.Gauge("graft_tablet_info", "1; the labels tell which tablet this agent's is.")
      .Set(1, {{"alias", tablet.alias.ToString()},
               {"keyspace", tablet.keyspace},
               {"shard", tablet.shard},
               {"type", std::string(TabletTypeName(tablet.type))}});
  WriteServer(tablet, now, page);
  WriteReplication(tablet, page);
  WriteDonations(tablet, page);
}

}  // namespace graft
