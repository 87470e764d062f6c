#include "topo/vitess_topology.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "topo/records.h"

namespace graft {
namespace {

absl::Status NoCell(absl::string_view name, absl::string_view root) {
  return absl::NotFoundError(absl::StrCat("cell ", name, " is not in the topology below ", root,
                                          "; is --topo-global-root right? graftctl topo show lists "
                                          "the cells, graftctl topo add-cell adds one"));
}

absl::Status NoTablet(const TabletAlias& alias) {
  return absl::NotFoundError(
      absl::StrCat("tablet ", alias.ToString(), " is not in the topology: it appears there when ",
                   "its agent first starts; graftctl tablets lists the known ones"));
}

bool Matches(const TabletFilter& filter, const Tablet& tablet) {
  return (filter.keyspace.empty() || filter.keyspace == tablet.keyspace) &&
         (filter.shard.empty() || absl::EqualsIgnoreCase(filter.shard, tablet.shard));
}

}  // namespace

absl::Status VitessTopology::AddCell(const Cell& cell) {
  GRAFT_RETURN_IF_ERROR(topo::ValidateCellName(cell.name));
  if (cell.server_address.empty() || cell.root.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cell ", cell.name, " needs both a server address and a root"));
  }
  topodata::CellInfo wanted;
  wanted.set_server_address(cell.server_address);
  wanted.set_root(cell.root);
  const std::string key = topo::CellInfoKey(deps_.global_root, cell.name);
  const absl::Status created = deps_.global.Create(key, topo::Serialize(wanted), kNoLease).status();
  if (!absl::IsAlreadyExists(created)) return Annotate(created, absl::StrCat("write ", key));
  GRAFT_ASSIGN_OR_RETURN(const Cell present, GetCell(cell.name));
  if (present.server_address == cell.server_address && present.root == cell.root) {
    return absl::OkStatus();
  }
  return absl::AlreadyExistsError(absl::StrCat("cell ", cell.name, " is in the topology at ",
                                               present.server_address, " under ", present.root,
                                               "; its tablets live there"));
}

absl::StatusOr<Cell> VitessTopology::GetCell(absl::string_view name) {
  GRAFT_RETURN_IF_ERROR(topo::ValidateCellName(name));
  const auto record = topo::ReadRecord<topodata::CellInfo>(
      deps_.global, topo::CellInfoKey(deps_.global_root, name));
  if (absl::IsNotFound(record.status())) return NoCell(name, deps_.global_root);
  if (!record.ok()) return record.status();
  return Cell{std::string(name), record->server_address(), record->root()};
}

absl::StatusOr<std::vector<Cell>> VitessTopology::ListCells(std::vector<MissingCell>* damaged) {
  const std::string prefix = topo::CellsPrefix(deps_.global_root);
  const absl::StatusOr<std::vector<KeyValue>> items = deps_.global.List(prefix, "/CellInfo");
  if (!items.ok()) return Annotate(items.status(), absl::StrCat("list ", prefix));
  std::vector<Cell> cells;
  for (const KeyValue& item : *items) {
    const auto name = topo::MiddleOf(item.key, prefix, "CellInfo");
    if (!name.has_value()) continue;
    const auto record = topo::Parse<topodata::CellInfo>(item.key, item.value);
    if (record.ok()) {
      cells.push_back(Cell{std::string(*name), record->server_address(), record->root()});
    } else {
      damaged->push_back({std::string(*name), record.status()});
    }
  }
  return cells;
}

absl::StatusOr<VitessTopology::Place> VitessTopology::OpenCell(absl::string_view name) {
  GRAFT_ASSIGN_OR_RETURN(const Cell cell, GetCell(name));
  return OpenCell(cell);
}

absl::StatusOr<VitessTopology::Place> VitessTopology::OpenCell(const Cell& cell) {
  if (cell.server_address == deps_.global_server_address) {
    const std::shared_ptr<void> no_owner;
    return Place{std::shared_ptr<KeyValueStore>(no_owner, &deps_.global), cell.root};
  }
  {
    absl::MutexLock lock(&mutex_);
    const auto known = cell_stores_.find(cell.server_address);
    if (known != cell_stores_.end()) return Place{known->second, cell.root};
  }
  // Opened without the lock, since it may take long; of two that open at once the first is kept.
  auto opened = deps_.open_cell_store(cell.server_address);
  if (!opened.ok()) {
    return Annotate(opened.status(),
                    absl::StrCat("open cell ", cell.name, " at ", cell.server_address));
  }
  absl::MutexLock lock(&mutex_);
  const auto kept = cell_stores_.emplace(cell.server_address, *std::move(opened)).first;
  kept->second->EndCallsBy(end_calls_by_);
  return Place{kept->second, cell.root};
}

void VitessTopology::EndCallsBy(absl::Time when) {
  deps_.global.EndCallsBy(when);
  absl::MutexLock lock(&mutex_);
  end_calls_by_ = when;
  for (const auto& [address, store] : cell_stores_) store->EndCallsBy(when);
}

absl::StatusOr<Tablet> VitessTopology::GetTablet(const TabletAlias& alias) {
  GRAFT_ASSIGN_OR_RETURN(const Place place, OpenCell(alias.cell));
  const auto record =
      topo::ReadRecord<topodata::Tablet>(*place.store, topo::TabletKey(place.root, alias));
  if (absl::IsNotFound(record.status())) return NoTablet(alias);
  if (!record.ok()) return record.status();
  Tablet tablet = topo::FromRecord(*record);
  tablet.alias = alias;
  return tablet;
}

absl::StatusOr<Shard> VitessTopology::GetShard(absl::string_view keyspace,
                                               absl::string_view shard) {
  GRAFT_RETURN_IF_ERROR(topo::ValidateKeyspaceName(keyspace));
  GRAFT_ASSIGN_OR_RETURN(const topo::ShardName name, topo::ParseShardName(shard));
  const auto record = topo::ReadRecord<topodata::Shard>(
      deps_.global, topo::ShardKey(deps_.global_root, keyspace, name.text));
  if (record.ok()) return topo::FromRecord(keyspace, name.text, *record);
  if (!absl::IsNotFound(record.status())) return record.status();
  const absl::Status found =
      deps_.global.Get(topo::KeyspaceKey(deps_.global_root, keyspace)).status();
  if (!found.ok() && !absl::IsNotFound(found)) return found;
  const std::string missing = found.ok() ? absl::StrCat("shard ", keyspace, "/", name.text)
                                         : absl::StrCat("keyspace ", keyspace);
  return absl::NotFoundError(absl::StrCat(missing, " is not in the topology: it appears there ",
                                          "when an agent of its first tablet starts"));
}

absl::Status VitessTopology::UpdateTablet(const TabletAlias& alias,
                                          const std::function<absl::Status(Tablet&)>& change) {
  GRAFT_ASSIGN_OR_RETURN(const Place place, OpenCell(alias.cell));
  bool found = false;
  const absl::Status status =
      topo::ChangeRecord<topodata::Tablet>(*place.store, topo::TabletKey(place.root, alias),
                                           topo::IfMissing::kFail, [&](topodata::Tablet& record) {
                                             found = true;
                                             Tablet tablet = topo::FromRecord(record);
                                             GRAFT_RETURN_IF_ERROR(change(tablet));
                                             topo::MergeInto(tablet, record);
                                             return absl::OkStatus();
                                           });
  return !found && absl::IsNotFound(status) ? NoTablet(alias) : status;
}

struct VitessTopology::CellAnswer {
  bool answered = false;
  std::vector<Tablet> tablets;
  absl::Status fault;  // why tablets are missing, all of them or some
};

VitessTopology::CellAnswer VitessTopology::ListCellTablets(const Cell& cell,
                                                           const TabletFilter& filter) {
  CellAnswer answer;
  const absl::StatusOr<Place> place = OpenCell(cell);
  if (!place.ok()) {
    answer.fault = place.status();
    return answer;
  }
  const std::string prefix = topo::TabletsPrefix(place->root);
  const absl::StatusOr<std::vector<KeyValue>> items = place->store->List(prefix, "/Tablet");
  if (!items.ok()) {
    answer.fault = Annotate(items.status(), absl::StrCat("list ", prefix));
    return answer;
  }
  answer.answered = true;
  for (const KeyValue& item : *items) {
    const auto name = topo::MiddleOf(item.key, prefix, "Tablet");
    const auto alias = TabletAlias::Parse(name.value_or(""));
    if (!alias.ok()) continue;
    const auto record = topo::Parse<topodata::Tablet>(item.key, item.value);
    answer.fault.Update(record.status());
    if (!record.ok()) continue;
    Tablet tablet = topo::FromRecord(*record);
    tablet.alias = *alias;  // of the key, whatever the record says
    if (Matches(filter, tablet)) answer.tablets.push_back(std::move(tablet));
  }
  return answer;
}

std::vector<VitessTopology::CellAnswer> VitessTopology::AskCells(const std::vector<Cell>& cells,
                                                                 const TabletFilter& filter) {
  std::vector<CellAnswer> answers(cells.size());
  std::vector<std::thread> threads;  // one for each store that may be away, all joined here
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto ask = [&, i] { answers[i] = ListCellTablets(cells[i], filter); };
    if (cells.size() == 1 || cells[i].server_address == deps_.global_server_address) {
      ask();
    } else {
      threads.emplace_back(ask);
    }
  }
  for (std::thread& thread : threads) thread.join();
  return answers;
}

absl::StatusOr<TabletList> VitessTopology::ListTablets(const TabletFilter& filter) {
  TabletList list;
  std::vector<Cell> cells;
  if (filter.cell.empty()) {
    GRAFT_ASSIGN_OR_RETURN(cells, ListCells(&list.missing_cells));
  } else {
    GRAFT_ASSIGN_OR_RETURN(const Cell cell, GetCell(filter.cell));
    cells.push_back(cell);
  }
  bool answered = cells.empty() && list.missing_cells.empty();
  std::vector<CellAnswer> answers = AskCells(cells, filter);
  for (size_t i = 0; i < answers.size(); ++i) {
    CellAnswer& answer = answers[i];
    answered = answered || answer.answered;
    if (!answer.fault.ok()) list.missing_cells.push_back({cells[i].name, answer.fault});
    std::move(answer.tablets.begin(), answer.tablets.end(), std::back_inserter(list.tablets));
  }
  if (!answered) return list.missing_cells.front().why;
  const auto by_alias = [](const Tablet& a, const Tablet& b) { return a.alias < b.alias; };
  std::sort(list.tablets.begin(), list.tablets.end(), by_alias);
  // Cells may share a root, as in Vitess's own single-cell set-ups.
  const auto same = [](const Tablet& a, const Tablet& b) { return a.alias == b.alias; };
  list.tablets.erase(std::unique(list.tablets.begin(), list.tablets.end(), same),
                     list.tablets.end());
  return list;
}

absl::StatusOr<TabletList> VitessTopology::ListShardTablets(absl::string_view keyspace,
                                                            absl::string_view shard) {
  return ListTablets({"", std::string(keyspace), std::string(shard)});
}

absl::StatusOr<std::vector<Shard>> VitessTopology::ListShards(absl::string_view keyspace,
                                                              std::vector<DamagedShard>* damaged) {
  const std::string prefix = keyspace.empty() ? topo::KeyspacesPrefix(deps_.global_root)
                                              : topo::ShardsPrefix(deps_.global_root, keyspace);
  const absl::StatusOr<std::vector<KeyValue>> items = deps_.global.List(prefix, "/Shard");
  if (!items.ok()) return Annotate(items.status(), absl::StrCat("list ", prefix));
  std::vector<Shard> shards;
  for (const KeyValue& item : *items) {
    const auto middle = topo::MiddleOf(item.key, topo::KeyspacesPrefix(deps_.global_root), "Shard");
    if (!middle.has_value()) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(*middle, '/');
    if (parts.size() != 3 || parts[1] != "shards") continue;
    const auto record = topo::Parse<topodata::Shard>(item.key, item.value);
    if (record.ok()) {
      shards.push_back(topo::FromRecord(parts[0], parts[2], *record));
    } else {
      damaged->push_back({std::string(parts[2]), record.status()});
    }
  }
  std::sort(shards.begin(), shards.end(), [](const Shard& a, const Shard& b) {
    return std::tie(a.keyspace, a.name) < std::tie(b.keyspace, b.name);
  });
  return shards;
}

}  // namespace graft
