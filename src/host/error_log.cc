// What the end of mysqld's error log tells of the present start.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/shown_text.h"
#include "host/local_server_host.h"

namespace graft {
namespace {

constexpr absl::string_view kError = "[ERROR] ";
constexpr size_t kMostErrors = 5;
constexpr absl::string_view kCrash = " got signal ";
constexpr absl::string_view kParent = "[graft-mysqld] ";
constexpr absl::string_view kEndedWith = " ended with ";

// "… [MY-012533] [InnoDB] 10%"
std::optional<double> PercentAtEnd(absl::string_view line) {
  line = line.substr(line.rfind(' ') + 1);
  double percent = 0;
  if (!absl::ConsumeSuffix(&line, "%") || !absl::SimpleAtod(line, &percent)) return std::nullopt;
  return percent >= 0 && percent <= 100 ? std::make_optional(percent) : std::nullopt;
}

// Whether one was under way.
bool StartIsOver(StartupSigns& signs) {
  signs.batch_percent.reset();
  return std::exchange(signs.starting, false);
}

// "… ended with exit code 1", which graft-mysqld adds. A start that has ended by a signal, without
// a word of mysqld's own, was ended from outside.
void ReadEnd(absl::string_view line, StartupSigns& signs) {
  const size_t how = line.find(kEndedWith);
  if (how == absl::string_view::npos) return;
  signs.end = std::string(line.substr(how + kEndedWith.size()));
  signs.process = 0;
  if (!StartIsOver(signs)) return;
  ++(absl::StartsWith(signs.end, "signal ") ? signs.killed_starts : signs.failed_starts);
}

// "… starting as process 4711". What is counted goes on until the server is ready.
void ReadStart(absl::string_view line, StartupSigns& signs) {
  const StartupSigns before = std::exchange(signs, StartupSigns());
  signs.starting = true;
  signs.starts = before.starts + 1;
  signs.killed_starts = before.killed_starts + (before.starting && before.starts > 0 ? 1 : 0);
  signs.failed_starts = before.failed_starts;
  if (before.starts > 0) signs.end = before.end;
  if (!absl::SimpleAtoi(line.substr(line.rfind(' ') + 1), &signs.process)) signs.process = 0;
}

void ReadError(absl::string_view text, StartupSigns& signs) {
  const bool last_word = absl::StrContains(text, "[MY-010119]");  // "Aborting"
  if (!signs.starting || last_word || signs.errors.size() >= kMostErrors) return;
  signs.errors.push_back(ShowLogLine(text));
}

// mysqld's own handler of signals writes that; mysqld then ends with exit code 2.
void ReadCrash(absl::string_view got_signal, StartupSigns& signs) {
  if (!StartIsOver(signs)) return;
  ++signs.failed_starts;
  signs.errors.push_back(absl::StrCat("mysqld", absl::StripSuffix(got_signal, " ;")));
}

void ReadRecovery(absl::string_view line, StartupSigns& signs) {
  if (absl::StrContains(line, "[MY-012532]")) {
    signs.starting = true;
    signs.batch_percent = 0;
    ++signs.batch;
  } else if (absl::StrContains(line, "[MY-012533]")) {
    signs.starting = true;
    signs.batch_percent = PercentAtEnd(line);
  } else if (absl::StrContains(line, "[MY-012535]")) {
    signs.batch_percent.reset();
  }
}

// A start that ends with "Shutdown complete" (010910), and was never ready (010931), has failed,
// unless somebody told it to stop (013172).
void ReadLine(absl::string_view line, StartupSigns& signs) {
  constexpr auto kNone = absl::string_view::npos;
  if (const size_t error = line.find(kError); error != kNone) {
    ReadError(line.substr(error + kError.size()), signs);
  } else if (const size_t crash = line.find(kCrash); crash != kNone) {
    ReadCrash(line.substr(crash), signs);
  } else if (const size_t end = line.find(kParent); end != kNone) {
    ReadEnd(line.substr(end), signs);
  } else if (absl::StrContains(line, "[MY-010931]")) {
    signs = StartupSigns();
  } else if (absl::StrContains(line, "[MY-013172]")) {
    StartIsOver(signs);
  } else if (absl::StrContains(line, "[MY-010910]")) {
    if (StartIsOver(signs) && !signs.errors.empty()) ++signs.failed_starts;
    signs.process = 0;
  } else if (absl::StrContains(line, "[MY-010116]")) {
    ReadStart(line, signs);
  } else {
    ReadRecovery(line, signs);
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
