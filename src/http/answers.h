// Answers: what is answered to which path, without any socket. Safe for use from several threads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "http/http_server.h"

namespace graft::http {

inline constexpr char kPlain[] = "text/plain; charset=utf-8";
inline constexpr char kNothingPolicy[] = "default-src 'none'; frame-ancestors 'none'";

struct Answer {
  int status = 200;
  std::string body = {};
  std::string content_type = kPlain;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string policy = kNothingPolicy;
};

class Answers {
 public:
  explicit Answers(HttpSources sources)
      : sources_(std::move(sources)), started_(sources_.clock.Now()) {}

  // With all of its headers. `path` without its query; `method` as sent.
  Answer To(absl::string_view method, absl::string_view path) const;

 private:
  Answer Bare(absl::string_view method, absl::string_view path) const;

  const HttpSources sources_;
  const absl::Time started_;
};

}  // namespace graft::http
