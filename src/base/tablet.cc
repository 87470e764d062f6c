#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "graft/tablet.h"
#include "graft/topology.h"

namespace graft {
namespace {

constexpr char kVersionTag[] = "graft.mysql_version";
constexpr char kLagTag[] = "graft.lag";
constexpr char kDonatesTag[] = "graft.donates";
constexpr char kEmptyTag[] = "graft.empty";
constexpr std::array<const char*, 5> kLagNames = {"current", "", "behind", "far_behind", "stopped"};
constexpr std::array<absl::string_view, 9> kTypeNames = {"UNKNOWN", "PRIMARY", "REPLICA",
                                                         "RDONLY",  "SPARE",   "EXPERIMENTAL",
                                                         "BACKUP",  "RESTORE", "DRAINED"};

bool IsCellCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

// `text` as a part of a lock's name: letters, digits, '_' and the characters of `plain` stay. Every
// other character becomes ".xx", so that two texts never share a name.
std::string NamePart(absl::string_view text, absl::string_view plain) {
  std::string part;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '_' || plain.find(c) != absl::string_view::npos) {
      part.push_back(c);
    } else {
      absl::StrAppendFormat(&part, ".%02x", byte);
    }
  }
  return part;
}

// Vitess keeps the names of ranges in lower case, whatever was typed: "80-C0" is "80-c0".
std::string OfShard(absl::string_view what, absl::string_view keyspace, absl::string_view shard) {
  const bool range = shard.find('-') != absl::string_view::npos;
  const std::string name = range ? absl::AsciiStrToLower(shard) : std::string(shard);
  return absl::StrCat("graft-", what, "-", NamePart(keyspace, ""), "-", NamePart(name, "-"));
}
}  // namespace

std::string TabletAlias::ToString() const {
  return absl::StrFormat("%s-%010d", cell, uid);
}

absl::StatusOr<TabletAlias> TabletAlias::Parse(absl::string_view text) {
  const size_t dash = text.rfind('-');
  TabletAlias alias;
  const bool ok = dash != absl::string_view::npos && dash > 0 && dash + 1 < text.size() &&
                  std::all_of(text.begin() + dash + 1, text.end(), absl::ascii_isdigit) &&
                  absl::SimpleAtoi(text.substr(dash + 1), &alias.uid) &&
                  std::all_of(text.begin(), text.begin() + dash, IsCellCharacter);
  if (!ok) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is no tablet alias; write <cell>-<uid>, e.g. zone1-0000000101"));
  }
  alias.cell = std::string(text.substr(0, dash));
  return alias;
}

absl::string_view TabletTypeName(TabletType type) {
  const auto index = static_cast<size_t>(type);
  return index < kTypeNames.size() ? kTypeNames[index] : kTypeNames[0];
}

absl::StatusOr<TabletType> ParseTabletType(absl::string_view name) {
  for (size_t i = 1; i < kTypeNames.size(); ++i) {
    if (absl::EqualsIgnoreCase(name, kTypeNames[i])) return static_cast<TabletType>(i);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", name, "\" is no tablet type; one of ",
      absl::AsciiStrToLower(absl::StrJoin(kTypeNames.begin() + 1, kTypeNames.end(), ", "))));
}

std::string HostPort::ToString() const {
  const bool bare_ipv6 = absl::StrContains(host, ':') && !absl::StartsWith(host, "[");
  return bare_ipv6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

std::string Tablet::Tag(const std::string& name) const {
  const auto tag = tags.find(name);
  return tag == tags.end() ? "" : tag->second;
}

int Tablet::Port(const std::string& name) const {
  const auto port = port_map.find(name);
  return port == port_map.end() ? 0 : port->second;
}

bool Tablet::SaysDropped() const {
  const std::string data_state = Tag("graft.data_state");
  return data_state == "PARTIAL" || data_state == "EMPTY";
}

std::string TabletList::MissingText() const {
  return absl::StrJoin(missing_cells, "; ", [](std::string* text, const MissingCell& cell) {
    absl::StrAppend(text, "cell ", cell.name, " is missing here: ", cell.why.message());
  });
}

DonorHealth ReadHealth(const Tablet& tablet) {
  DonorHealth health{tablet.Tag(kVersionTag), LagClass::kUnknown, !tablet.Tag(kDonatesTag).empty(),
                     !tablet.Tag(kEmptyTag).empty()};
  const auto* const name = std::find(kLagNames.begin(), kLagNames.end(), tablet.Tag(kLagTag));
  if (name != kLagNames.end()) health.lag = static_cast<LagClass>(name - kLagNames.begin());
  return health;
}

void WriteHealth(const DonorHealth& health, Tablet& tablet) {
  const auto set = [&tablet](const char* name, const std::string& value) {
    if (value.empty()) {
      tablet.tags.erase(name);
    } else {
      tablet.tags[name] = value;
    }
  };
  set(kVersionTag, health.version);
  set(kLagTag, kLagNames[static_cast<size_t>(health.lag)]);
  set(kDonatesTag, health.donates ? "yes" : "");
  set(kEmptyTag, health.empty ? "yes" : "");
}

std::string DonorLockName(const TabletAlias& donor) {
  // The last '-' splits an alias, so that one in the cell's name does no harm.
  return absl::StrCat("graft-donor-", NamePart(donor.ToString(), "-"));
}

std::string RepairLockName(absl::string_view keyspace, absl::string_view shard) {
  return OfShard("repair", keyspace, shard);
}

std::string ShardLineName(absl::string_view keyspace, absl::string_view shard) {
  return OfShard("line", keyspace, shard);
}

}  // namespace graft
