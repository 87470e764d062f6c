#include "cli/rebuild.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "cli/render.h"
#include "cli/text.h"
#include "view/text.h"

namespace graft::cli {
namespace {

bool IsPrimary(const Shard& shard, const Tablet& record) {
  return record.alias == shard.primary || record.type == TabletType::kPrimary;
}

// With the code and text of why it cannot be a member.
absl::Status CheckMember(const PlanRequest& request, const SeenTablet& tablet) {
  const auto refuse = [](const auto&... words) {
    return absl::FailedPreconditionError(absl::StrCat(words...));
  };
  if (IsPrimary(request.shard, tablet.record)) return refuse("is the shard's primary");
  if (tablet.record.alias == request.donor) return refuse("is the donor");
  if (!tablet.answer.ok()) return Annotate(tablet.answer.status(), "its agent does not answer");
  if (!tablet.answer->tablet.takes_turns()) {
    return refuse(
        "its agent is of an older graft, which does not take turns: graftctl reprovision "
        "ALIAS");
  }
  const auto& operation = tablet.answer->operation;
  if (operation.has_value() && operation->outcome() == v1::RUNNING) {
    return refuse("operation ", operation->id(), " is running");
  }
  const TabletType type = tablet.record.type;
  const bool aside = type == TabletType::kDrained || type == TabletType::kBackup;
  if (aside && request.choice != RebuildChoice::kNamed) {
    return refuse("its type is ", TabletTypeName(type), ": somebody has put it aside");
  }
  return absl::OkStatus();
}

bool IsChosen(const PlanRequest& request, const SeenTablet& tablet) {
  switch (request.choice) {
    case RebuildChoice::kAll:
      return !IsPrimary(request.shard, tablet.record);
    case RebuildChoice::kUnhealthy:
      return !IsPrimary(request.shard, tablet.record) &&
             (!tablet.answer.ok() || !WhyUnhealthy(tablet).empty());
    default:
      return std::find(request.named.begin(), request.named.end(), tablet.record.alias) !=
             request.named.end();
  }
}

bool IsHealthyReplica(const Shard& shard, const SeenTablet& tablet) {
  if (IsPrimary(shard, tablet.record) || !ServesByRecord(tablet.record)) return false;
  // A tablet of Vitess's own, without an agent of graft's, counts by its record.
  if (!tablet.answer.ok()) return absl::IsFailedPrecondition(tablet.answer.status());
  return WhyUnhealthy(tablet).empty();
}

absl::Status CheckNamed(const PlanRequest& request, const std::vector<SeenTablet>& tablets) {
  if (request.choice != RebuildChoice::kNamed) return absl::OkStatus();
  for (const TabletAlias& alias : request.named) {
    const bool known = std::any_of(tablets.begin(), tablets.end(), [&](const SeenTablet& tablet) {
      return tablet.record.alias == alias;
    });
    if (known) continue;
    return absl::NotFoundError(absl::StrCat("tablet ", alias.ToString(), " is not in shard ",
                                            request.shard.keyspace, "/", request.shard.name));
  }
  return absl::OkStatus();
}

// When a member begins, all unhealthy ones and all members before it have been rebuilt, except for
// those that still run: at most max_unavailable, with itself.
absl::Status CheckOneStays(const PlanRequest& request, const std::vector<SeenTablet>& tablets,
                           const std::vector<const SeenTablet*>& members) {
  const auto healthy = [&](const SeenTablet& tablet) {
    return IsHealthyReplica(request.shard, tablet);
  };
  const auto of_members = std::count_if(members.begin(), members.end(),
                                        [&](const SeenTablet* member) { return healthy(*member); });
  if (of_members == 0) return absl::OkStatus();
  const auto others = std::count_if(tablets.begin(), tablets.end(), healthy) - of_members;
  const auto count = static_cast<std::ptrdiff_t>(members.size());
  if (others + count - std::min<std::ptrdiff_t>(count, request.max_unavailable) > 0) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "--max-unavailable ", request.max_unavailable, " would leave no healthy replica in ",
      request.shard.keyspace, "/", request.shard.name,
      others + count == 1 ? ", which has no other; graftctl reprovision ALIAS rebuilds it all the "
                            "same"
                          : ""));
}

std::optional<absl::Duration> Median(std::vector<absl::Duration> times) {
  if (times.empty()) return std::nullopt;
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void AddTimes(const std::vector<SeenTablet>& tablets, const std::vector<const SeenTablet*>& members,
              RebuildPlan& plan) {
  std::vector<absl::Duration> all;
  for (const SeenTablet& tablet : tablets) {
    all.insert(all.end(), tablet.rebuilds.begin(), tablet.rebuilds.end());
  }
  if (all.empty() || plan.rows.empty()) return;
  std::vector<absl::Duration> rounds(static_cast<size_t>(plan.rows.back().round));
  for (size_t i = 0; i < members.size(); ++i) {
    RebuildPlan::Row& row = plan.rows[i];
    row.takes = Median(members[i]->rebuilds.empty() ? all : members[i]->rebuilds);
    absl::Duration& longest = rounds[static_cast<size_t>(row.round - 1)];
    longest = std::max(longest, *row.takes);
  }
  plan.takes = absl::ZeroDuration();
  for (const absl::Duration round : rounds) *plan.takes += round;
}

}  // namespace

std::string WhyUnhealthy(const SeenTablet& tablet) {
  const AgentAnswer& answer = *tablet.answer;
  std::string data = tablet.record.Tag("graft.data_state");
  if (answer.operation.has_value()) data = v1::DataState_Name(answer.operation->data_state());
  if (data == "PARTIAL" || data == "EMPTY") return absl::StrCat("data ", data);
  if (!answer.tablet.mysql_reachable()) return "mysqld does not answer";
  if (tablet.record.type == TabletType::kRestore) return "type RESTORE";
  const std::string lag = LagText(answer.tablet);
  if (lag == "-") return "does not replicate";
  if (lag == "stopped" || absl::StartsWith(lag, "error ")) {
    return absl::StrCat("replication ", lag);
  }
  return "";
}

absl::StatusOr<RebuildPlan> MakePlan(const PlanRequest& request,
                                     const std::vector<SeenTablet>& tablets) {
  GRAFT_RETURN_IF_ERROR(CheckNamed(request, tablets));
  RebuildPlan plan;
  std::vector<const SeenTablet*> members;
  for (const SeenTablet& tablet : tablets) {
    if (!IsChosen(request, tablet)) continue;
    const absl::Status may = Annotate(CheckMember(request, tablet), tablet.record.alias.ToString());
    if (may.ok()) {
      members.push_back(&tablet);
    } else if (request.choice == RebuildChoice::kNamed) {
      return may;
    } else {
      plan.left_out.emplace_back(may.message());
    }
  }
  std::stable_partition(members.begin(), members.end(),
                        [](const SeenTablet* member) { return !WhyUnhealthy(*member).empty(); });
  plan.one_by_one = request.max_unavailable > 1 &&
                    std::any_of(members.begin(), members.end(), [](const SeenTablet* member) {
                      return member->answer->tablet.acknowledges();
                    });
  plan.at_once = plan.one_by_one ? 1 : request.max_unavailable;
  PlanRequest wanted = request;
  wanted.max_unavailable = plan.at_once;
  GRAFT_RETURN_IF_ERROR(CheckOneStays(wanted, tablets, members));
  for (const SeenTablet* member : members) {
    const std::string unhealthy = WhyUnhealthy(*member);
    const int round = RoundOf(plan.rows.size(), plan.at_once);
    plan.rows.push_back({member->record.alias, member->record.type,
                         unhealthy.empty() ? "healthy, on request" : unhealthy, round,
                         std::nullopt});
  }
  AddTimes(tablets, members, plan);
  return plan;
}

std::vector<std::string> RenderPlan(const PlanRequest& request, const RebuildPlan& plan) {
  const std::string shard = absl::StrCat(request.shard.keyspace, "/", request.shard.name);
  std::vector<std::string> lines;
  if (plan.rows.empty()) {
    lines.push_back(absl::StrCat("nothing to rebuild in ", shard));
  } else {
    lines.push_back(absl::StrCat(
        "rebuild of ", view::Count(static_cast<int64_t>(plan.rows.size()), "tablet"), " of ", shard,
        " in ", view::Count(plan.rows.back().round, "round"), ", ", plan.at_once, " at a time"));
    if (plan.one_by_one) {
      lines.emplace_back(
          "one at a time: semi-synchronous replicas, for which the primary waits, "
          "are among them");
    }
    std::vector<std::vector<std::string>> rows = {{"ROUND", "TABLET", "TYPE", "WHY", "ABOUT"}};
    for (const RebuildPlan::Row& row : plan.rows) {
      rows.push_back({absl::StrCat(row.round), row.alias.ToString(),
                      std::string(TabletTypeName(row.type)), Printable(row.why, /*utf8=*/true),
                      row.takes.has_value() ? view::RoughDuration(*row.takes) : "unknown"});
    }
    for (std::string& line : AlignColumns(rows)) lines.push_back(std::move(line));
    lines.push_back(plan.takes.has_value()
                        ? absl::StrCat("about ", view::RoughDuration(*plan.takes),
                                       " in all, by earlier rebuilds in this shard")
                        : "time unknown: no earlier rebuild in this shard");
  }
  for (const std::string& tablet : plan.left_out) {
    lines.push_back(absl::StrCat("left out: ", Printable(tablet, /*utf8=*/true)));
  }
  return lines;
}

int RoundOf(size_t place, int max_unavailable) {
  return static_cast<int>(place) / max_unavailable + 1;
}

}  // namespace graft::cli
