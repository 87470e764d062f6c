#include "metrics/metrics_page.h"

#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>

namespace graft {
namespace {

prometheus::ClientMetric Sample(const MetricsPage::Labels& labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
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

}  // namespace graft
