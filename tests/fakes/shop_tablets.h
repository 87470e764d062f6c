// The tablets of shard shop/0 as the worlds of the fast tests register them.
#pragma once

#include <string>

#include "graft/tablet.h"

namespace graft {

inline constexpr char kDonorUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
inline constexpr char kOtherUuid[] = "5e11fa47-71ca-11e1-9e33-c80aa9429562";

// A replica on loopback whose agent listens on the port after mysqld's. With an empty `server_uuid`
// the record has none, as a vttablet's has none.
inline Tablet MakeShopTablet(const TabletAlias& alias, int mysql_port,
                             const std::string& server_uuid) {
  Tablet tablet;
  tablet.alias = alias;
  tablet.hostname = "127.0.0.1";
  tablet.port_map["graft"] = mysql_port + 1;
  tablet.keyspace = "shop";
  tablet.shard = "0";
  tablet.type = TabletType::kReplica;
  tablet.mysql = {"127.0.0.1", mysql_port};
  if (!server_uuid.empty()) tablet.tags["graft.server_uuid"] = server_uuid;
  return tablet;
}

}  // namespace graft
