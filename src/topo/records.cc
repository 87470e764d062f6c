#include "topo/records.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace graft::topo {
namespace {

constexpr size_t kLongestName = 64;

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

absl::StatusOr<std::string> DecodeHex(absl::string_view name, absl::string_view hex) {
  if (hex.size() % 2 != 0 || !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) {
    return absl::InvalidArgumentError(
        absl::StrCat("shard name \"", name, "\": \"", hex,
                     "\" is no whole number of hex bytes; write a range like 40-80, -80 or 80-"));
  }
  return absl::HexStringToBytes(hex);
}

// A name or an address. MySQL takes none that is longer (1059).
bool IsHost(absl::string_view text) {
  constexpr size_t kLongestHost = 255;
  constexpr absl::string_view kOthers = "-_.:%[]";
  return !text.empty() && text.size() <= kLongestHost &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return absl::ascii_isalnum(c) || kOthers.find(c) != absl::string_view::npos;
         });
}

// The fault of the address; empty: it can be tried, or the record has none on purpose.
std::string FaultOfAddress(const topodata::Tablet& record) {
  constexpr int kHighestPort = 65535;
  const std::string& host = record.mysql_hostname();
  const int port = record.mysql_port();
  if (host.empty() && port == 0) return "";
  if (!IsHost(host)) {
    return absl::StrCat("mysql_hostname is \"", absl::CHexEscape(host.substr(0, 64)), "\"");
  }
  if (port < 1 || port > kHighestPort) return absl::StrCat("mysql_port is ", port);
  return "";
}

void MergeTimes(const Tablet& tablet, const Tablet& before, topodata::Tablet& record) {
  if (tablet.start_time != before.start_time) {
    record.clear_tablet_start_time();
    if (tablet.start_time != absl::InfinitePast()) {
      *record.mutable_tablet_start_time() = ToRecord(tablet.start_time);
    }
  }
  if (tablet.shutdown_time != before.shutdown_time) {
    record.clear_tablet_shutdown_time();
    if (tablet.shutdown_time != absl::InfinitePast()) {
      *record.mutable_tablet_shutdown_time() = ToRecord(tablet.shutdown_time);
    }
  }
}

}  // namespace

std::string Serialize(const google::protobuf::MessageLite& record) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream out(&bytes);
    google::protobuf::io::CodedOutputStream coded(&out);
    coded.SetSerializationDeterministic(true);
    record.SerializePartialToCodedStream(&coded);
  }
  return bytes;
}

absl::Time FromRecord(bool present, const vttime::Time& time) {
  if (!present) return absl::InfinitePast();
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanoseconds());
}

vttime::Time ToRecord(absl::Time time) {
  vttime::Time record;
  const int64_t seconds = absl::ToUnixSeconds(time);
  record.set_seconds(seconds);
  record.set_nanoseconds(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return record;
}

TabletAlias FromRecord(const topodata::TabletAlias& record) {
  return TabletAlias{record.cell(), record.uid()};
}

topodata::TabletAlias ToRecord(const TabletAlias& alias) {
  topodata::TabletAlias record;
  record.set_cell(alias.cell);
  record.set_uid(alias.uid);
  return record;
}

Tablet FromRecord(const topodata::Tablet& record) {
  Tablet tablet;
  tablet.alias = FromRecord(record.alias());
  tablet.hostname = record.hostname();
  tablet.port_map.insert(record.port_map().begin(), record.port_map().end());
  tablet.keyspace = record.keyspace();
  tablet.shard = record.shard();
  // A number that graft does not know, as a later Vitess may write, is no type to act on.
  if (topodata::TabletType_IsValid(record.type())) {
    tablet.type = static_cast<TabletType>(record.type());
  }
  tablet.tags.insert(record.tags().begin(), record.tags().end());
  tablet.mysql_fault = FaultOfAddress(record);
  if (tablet.mysql_fault.empty()) {
    tablet.mysql = HostPort{record.mysql_hostname(), record.mysql_port()};
  }
  tablet.start_time = FromRecord(record.has_tablet_start_time(), record.tablet_start_time());
  tablet.shutdown_time =
      FromRecord(record.has_tablet_shutdown_time(), record.tablet_shutdown_time());
  return tablet;
}

Shard FromRecord(absl::string_view keyspace, absl::string_view shard,
                 const topodata::Shard& record) {
  return Shard{std::string(keyspace), std::string(shard), FromRecord(record.primary_alias())};
}

void MergeInto(const Tablet& tablet, topodata::Tablet& record) {
  const Tablet before = FromRecord(record);
  *record.mutable_alias() = ToRecord(tablet.alias);
  record.set_hostname(tablet.hostname);
  record.mutable_port_map()->clear();
  for (const auto& [name, port] : tablet.port_map) (*record.mutable_port_map())[name] = port;
  record.set_keyspace(tablet.keyspace);
  record.set_shard(tablet.shard);
  if (tablet.type != before.type) record.set_type(static_cast<topodata::TabletType>(tablet.type));
  record.mutable_tags()->clear();
  for (const auto& [name, value] : tablet.tags) (*record.mutable_tags())[name] = value;
  if (tablet.mysql.host != before.mysql.host || tablet.mysql.port != before.mysql.port) {
    record.set_mysql_hostname(tablet.mysql.host);
    record.set_mysql_port(tablet.mysql.port);
  }
  MergeTimes(tablet, before, record);
  if (tablet.type != TabletType::kPrimary) record.clear_primary_term_start_time();
}

absl::StatusOr<ShardName> ParseShardName(absl::string_view name) {
  if (!IsName(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is no shard name; write 1 to 64 letters, digits, '_' or '-', ",
                     "e.g. 0, or a range like 40-80"));
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '-');
  if (parts.size() == 1) return ShardName{std::string(name), std::nullopt};
  if (parts.size() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("shard name \"", name, "\" has more than one '-'; write a range like 40-80"));
  }
  topodata::KeyRange range;
  const absl::StatusOr<std::string> start = DecodeHex(name, parts[0]);
  if (!start.ok()) return start.status();
  const absl::StatusOr<std::string> end = DecodeHex(name, parts[1]);
  if (!end.ok()) return end.status();
  if (!end->empty() && *start >= *end) {
    return absl::InvalidArgumentError(
        absl::StrCat("shard name \"", name, "\": the range ends before it starts"));
  }
  range.set_start(*start);
  range.set_end(*end);
  return ShardName{absl::AsciiStrToLower(name), std::move(range)};
}

absl::Status ValidateKeyspaceName(absl::string_view name) {
  if (IsName(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", name, "\" is no keyspace name; write 1 to 64 letters, digits, '_' or '-'"));
}

absl::Status ValidateCellName(absl::string_view name) {
  const bool ok = !name.empty() && name != "." && name != ".." &&
                  std::all_of(name.begin(), name.end(), [](char c) {
                    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
                  });
  if (ok) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is no cell name; write letters, digits, '-', '_' or '.'"));
}

bool Intersect(const std::optional<topodata::KeyRange>& a,
               const std::optional<topodata::KeyRange>& b) {
  if (!a.has_value() || !b.has_value()) return true;
  return (a->end().empty() || b->start() < a->end()) && (b->end().empty() || a->start() < b->end());
}

std::string JoinPath(absl::string_view root, absl::string_view path) {
  const std::string raw = root.empty() ? std::string(path) : absl::StrCat(root, "/", path);
  const bool absolute = absl::StartsWith(raw, "/");
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(raw, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    const bool up = part == "..";
    if (up && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!up || !absolute) {
      parts.push_back(part);
    }
  }
  return absl::StrCat(absolute ? "/" : "", absl::StrJoin(parts, "/"));
}

std::string CellsPrefix(absl::string_view root) {
  return JoinPath(root, "cells") + "/";
}

std::string CellInfoKey(absl::string_view root, absl::string_view cell) {
  return JoinPath(root, absl::StrCat("cells/", cell, "/CellInfo"));
}

std::string KeyspacesPrefix(absl::string_view root) {
  return JoinPath(root, "keyspaces") + "/";
}

std::string KeyspaceKey(absl::string_view root, absl::string_view keyspace) {
  return JoinPath(root, absl::StrCat("keyspaces/", keyspace, "/Keyspace"));
}

std::string ShardsPrefix(absl::string_view root, absl::string_view keyspace) {
  return JoinPath(root, absl::StrCat("keyspaces/", keyspace, "/shards")) + "/";
}

std::string ShardKey(absl::string_view root, absl::string_view keyspace, absl::string_view shard) {
  return JoinPath(root, absl::StrCat("keyspaces/", keyspace, "/shards/", shard, "/Shard"));
}

std::string NamedLockPrefix(absl::string_view root, absl::string_view name) {
  return JoinPath(root, absl::StrCat("internal/named_locks/", name, "/locks")) + "/";
}

std::string ShardRebuildKey(absl::string_view root, absl::string_view keyspace,
                            absl::string_view shard) {
  return JoinPath(root, absl::StrCat("graft/rebuilds/", keyspace, "/", shard));
}

std::string TabletsPrefix(absl::string_view root) {
  return JoinPath(root, "tablets") + "/";
}

std::string TabletKey(absl::string_view root, const TabletAlias& alias) {
  return JoinPath(root, absl::StrCat("tablets/", alias.ToString(), "/Tablet"));
}

std::string ShardReplicationKey(absl::string_view root, absl::string_view keyspace,
                                absl::string_view shard) {
  return JoinPath(root,
                  absl::StrCat("keyspaces/", keyspace, "/shards/", shard, "/ShardReplication"));
}

std::optional<absl::string_view> MiddleOf(absl::string_view key, absl::string_view prefix,
                                          absl::string_view name) {
  if (!absl::ConsumePrefix(&key, prefix) || !absl::ConsumeSuffix(&key, name) ||
      !absl::ConsumeSuffix(&key, "/") || key.empty()) {
    return std::nullopt;
  }
  return key;
}

}  // namespace graft::topo
