#include "base/error_log.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace graft {
namespace {

bool Has(absl::string_view line, absl::string_view number) {
  return absl::StrContains(line, number);
}

// "… [MY-012533] [InnoDB] 10%"
std::optional<double> PercentAtEnd(absl::string_view line) {
  line = line.substr(line.rfind(' ') + 1);
  double percent = 0;
  if (!absl::ConsumeSuffix(&line, "%") || !absl::SimpleAtod(line, &percent)) return std::nullopt;
  return percent >= 0 && percent <= 100 ? std::make_optional(percent) : std::nullopt;
}

void ReadLine(absl::string_view line, StartupSigns& signs) {
  if (Has(line, "[MY-010931]") || Has(line, "[MY-010910]")) {
    signs = StartupSigns();
  } else if (Has(line, "[MY-010116]")) {
    signs = StartupSigns{true, std::nullopt, 0};
  } else if (Has(line, "[MY-012532]")) {
    signs = StartupSigns{true, 0, signs.batch + 1};
  } else if (Has(line, "[MY-012533]")) {
    signs.starting = true;
    signs.batch_percent = PercentAtEnd(line);
  } else if (Has(line, "[MY-012535]")) {
    signs.batch_percent.reset();
  }
}

}  // namespace

StartupSigns ReadSigns(absl::string_view tail) {
  StartupSigns signs;
  for (absl::string_view line : absl::StrSplit(tail, '\n')) {
    ReadLine(absl::StripTrailingAsciiWhitespace(line), signs);
  }
  return signs;
}

}  // namespace graft
