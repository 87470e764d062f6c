// How long each way of rebuilding took, side by side: in figures, as text. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/target.h"

namespace graft {

inline constexpr char kGraft[] = "graft";
inline constexpr char kByHand[] = "by hand";
inline constexpr char kMysqldump[] = "mysqldump to mysql";
inline constexpr char kMydumper[] = "mydumper to myloader";
inline constexpr char kFileCopy[] = "file copy";

struct WayTimes {
  std::string way;
  std::vector<std::optional<double>> seconds;  // round by round; nullopt: not in that one
  std::string not_measured;                    // why it could not be; empty if it could
  bool given_up = false;  // it would have taken longer than these, nobody knows how much

  std::vector<double> Measured() const;
};

// The cost of the recipient's agent in one rebuild.
struct AgentCost {
  double seconds = 0;  // of the rebuild
  double processor_seconds = 0;
  double peak_resident_mb = 0;

  double processor_percent() const { return 100 * processor_seconds / seconds; }
};

// The time of a part of graft's rebuilds, round by round: a step, or a stage of CLONE.
struct PartTimes {
  std::string part;
  std::vector<double> seconds;
};

// One size of the donor's data.
struct Comparison {
  int64_t size_bytes = 0;
  int64_t rows = 0;
  std::vector<WayTimes> ways;
  std::vector<AgentCost> agent;
  std::vector<PartTimes> parts;  // in the order in which they come

  // Of one round.
  void AddPart(const std::string& part, double seconds);

  const WayTimes* Find(const std::string& way) const;  // nullptr: it took no part
  // The times of `way` over those of `base` in the same round.
  std::vector<double> Ratios(const std::string& way, const std::string& base) const;
};

// The order of the ways in a round, as indexes: first the fast ways, each round beginning with
// another one, then the slow ways, if they take part.
std::vector<size_t> RoundOrder(const std::vector<bool>& slow, int round, bool with_slow);

// A Markdown table.
std::string ToText(const Comparison& comparison);
// The target of this size; none if the way was not measured or the size is too small.
std::vector<Target> TargetsOf(const Comparison& comparison);

}  // namespace graft
