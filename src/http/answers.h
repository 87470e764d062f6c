// Answers: what is answered to which path, without any socket. Safe for use from several threads.
#ifndef GRAFT_HTTP_ANSWERS_H_
#define GRAFT_HTTP_ANSWERS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "http/http_server.h"

namespace graft::http {

inline constexpr char kPlain[] = "text/plain; charset=utf-8";

struct Answer {
  int status = 200;
  std::string body = {};
  std::string content_type = kPlain;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class Answers {
 public:
  explicit Answers(HttpSources sources)
      : sources_(std::move(sources)), started_(sources_.clock.Now()) {}

  // `path` without its query; `method` as sent.
  Answer To(absl::string_view method, absl::string_view path) const;

 private:
  const HttpSources sources_;
  const absl::Time started_;
};

// The whole of an answer as it goes over the wire. No connection is kept open. A HEAD request gets
// no body.
std::string Serialized(const Answer& answer, bool with_body);

}  // namespace graft::http

#endif  // GRAFT_HTTP_ANSWERS_H_
