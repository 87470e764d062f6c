#include "metrics/process_facts.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace graft {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The fields of proc(5)'s stat from the third on; the name before them may hold anything.
std::vector<std::string> StatFields() {
  const std::string text = ReadFile("/proc/self/stat");
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  return absl::StrSplit(text.substr(name_end + 1), ' ', absl::SkipEmpty());
}

// By its number in proc(5).
std::optional<int64_t> Field(const std::vector<std::string>& fields, size_t number) {
  int64_t value = 0;
  if (number - 3 >= fields.size() || !absl::SimpleAtoi(fields[number - 3], &value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<int64_t> BootUnixSeconds() {
  for (absl::string_view line : absl::StrSplit(ReadFile("/proc/stat"), '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    int64_t seconds = 0;
    if (words.size() == 2 && words[0] == "btime" && absl::SimpleAtoi(words[1], &seconds)) {
      return seconds;
    }
  }
  return std::nullopt;
}

std::optional<int64_t> OpenFds() {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (error) return std::nullopt;
  return std::distance(begin(open), end(open)) - 1;  // without the one that reads the folder
}

std::optional<int64_t> MaxFds() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<int64_t>(limit.rlim_cur);
}

}  // namespace

ProcessFacts ReadProcessFacts() {
  const std::vector<std::string> fields = StatFields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const std::optional<int64_t> user = Field(fields, 14);
  const std::optional<int64_t> system = Field(fields, 15);
  const std::optional<int64_t> started = Field(fields, 22);  // since the boot
  const std::optional<int64_t> pages = Field(fields, 24);
  static const std::optional<int64_t> boot = BootUnixSeconds();
  ProcessFacts facts;
  if (user && system) facts.cpu_seconds = static_cast<double>(*user + *system) / ticks;
  if (started && boot) {
    facts.start_unix_seconds = static_cast<double>(*boot) + static_cast<double>(*started) / ticks;
  }
  if (pages) facts.resident_bytes = *pages * sysconf(_SC_PAGESIZE);
  facts.virtual_bytes = Field(fields, 23);
  facts.open_fds = OpenFds();
  facts.max_fds = MaxFds();
  return facts;
}

}  // namespace graft
