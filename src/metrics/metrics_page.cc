#include "metrics/metrics_page.h"

#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <limits>
#include <sstream>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/files.h"

namespace graft {
namespace {

prometheus::ClientMetric Sample(const MetricsPage::Labels& labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

// The fields of proc(5)'s stat from the third on; the name before them may hold anything.
std::vector<std::string> StatFields() {
  const std::string text = ReadFile("/proc/self/stat").value_or("");
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
  const std::string stat = ReadFile("/proc/stat").value_or("");
  for (absl::string_view line : absl::StrSplit(stat, '\n')) {
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

void SetIfKnown(MetricsPage::Family family, const std::optional<int64_t>& value) {
  if (value.has_value()) family.Set(static_cast<double>(*value));
}

}  // namespace

void MetricsPage::Family::Set(double value, const Labels& labels) {
  prometheus::ClientMetric metric = Sample(labels);
  metric.gauge.value = value;
  metric.counter.value = value;
  family_.metric.push_back(std::move(metric));
}

void MetricsPage::Family::Set(const Histogram& histogram, const Labels& labels) {
  prometheus::ClientMetric metric = Sample(labels);
  auto& buckets = metric.histogram.bucket;
  buckets.reserve(histogram.counts.size());
  uint64_t count = 0;
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    count += histogram.counts[i];
    const bool last = i == histogram.bounds.size();
    buckets.push_back(
        {count, last ? std::numeric_limits<double>::infinity() : histogram.bounds[i]});
  }
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = histogram.sum;
  family_.metric.push_back(std::move(metric));
}

void MetricsPage::Family::SetOneOf(const std::string& label, const std::vector<std::string>& names,
                                   absl::string_view present) {
  for (const std::string& name : names) Set(name == present ? 1 : 0, {{label, name}});
}

MetricsPage::Family MetricsPage::Add(const std::string& name, const std::string& help,
                                     prometheus::MetricType type) {
  return Family(families_.emplace_back(prometheus::MetricFamily{name, help, type, {}}));
}

MetricsPage::Family MetricsPage::Gauge(const std::string& name, const std::string& help) {
  return Add(name, help, prometheus::MetricType::Gauge);
}

MetricsPage::Family MetricsPage::Counter(const std::string& name, const std::string& help) {
  return Add(name, help, prometheus::MetricType::Counter);
}

MetricsPage::Family MetricsPage::HistogramOf(const std::string& name, const std::string& help) {
  return Add(name, help, prometheus::MetricType::Histogram);
}

std::string MetricsPage::Text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, {families_.begin(), families_.end()});
  return out.str();
}

void WriteProcess(MetricsPage& page) {
  const std::vector<std::string> fields = StatFields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const std::optional<int64_t> user = Field(fields, 14);
  const std::optional<int64_t> system = Field(fields, 15);
  const std::optional<int64_t> started = Field(fields, 22);  // since the boot
  const std::optional<int64_t> pages = Field(fields, 24);
  static const std::optional<int64_t> boot = BootUnixSeconds();
  auto cpu = page.Counter("process_cpu_seconds_total", "User and system CPU time spent.");
  if (user && system) cpu.Set(static_cast<double>(*user + *system) / ticks);
  auto start = page.Gauge("process_start_time_seconds", "When the process began, in Unix time.");
  if (started && boot) {
    start.Set(static_cast<double>(*boot) + static_cast<double>(*started) / ticks);
  }
  auto resident = page.Gauge("process_resident_memory_bytes", "Resident memory.");
  if (pages) resident.Set(static_cast<double>(*pages * sysconf(_SC_PAGESIZE)));
  SetIfKnown(page.Gauge("process_virtual_memory_bytes", "Virtual memory."), Field(fields, 23));
  SetIfKnown(page.Gauge("process_open_fds", "Open file descriptors."), OpenFds());
  SetIfKnown(page.Gauge("process_max_fds", "Most file descriptors that may be open."), MaxFds());
}

}  // namespace graft
