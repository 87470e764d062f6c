// HTTP calls by libcurl, signed as AWS wants it if need be. Knows nothing of S3.
//
// Safe for use from several threads: each call takes a connection of its own, which the next one
// uses again. A process that was forked makes new ones. Starts no thread that outlives a call.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/secret.h"

namespace graft {

struct HttpSettings {
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration stall_timeout =
      absl::Seconds(60);     // so long without a byte, and a call has failed
  bool skip_verify = false;  // of the server's TLS certificate
  std::string ca_file;       // PEM; empty: the system's
};

struct HttpAnswer {
  int status = 0;                              // 0: none came
  std::map<std::string, std::string> headers;  // names in small letters
  std::string body;                            // what `to` did not take; at most 32 MiB
};

struct HttpCall {
  std::string method = "GET";
  // Encoded as it is to be signed: libcurl 7.88 neither encodes the path nor sorts the query.
  std::string url;
  // "Name: value", never an empty value: libcurl 7.88 signs a header that it then does not send.
  std::vector<std::string> headers;
  absl::string_view body;  // sent with PUT and POST
  // Signature version 4 for S3; empty: none. The body's hash must be among the headers.
  std::string region;
  std::string key_id;
  Secret secret;
  bool direct = false;  // not by the proxy of the environment
  // Takes the body of an answer with 200 or 206, piece by piece; its error ends the call.
  std::function<absl::Status(const HttpAnswer& head, absl::string_view bytes)> to;
  std::function<bool()> given_up;  // asked often, from the caller's thread; true: CANCELLED
  absl::Duration most_time = absl::InfiniteDuration();
  absl::Duration connect_timeout = absl::InfiniteDuration();  // if shorter than the settings'
};

class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // OK: there is an answer, whatever its status. After an error `answer` has what came before.
  // UNAVAILABLE: no connection, or it was cut. DEADLINE_EXCEEDED: nothing came for too long.
  // UNAUTHENTICATED: the server's certificate is not good. The texts name host and cause, and have
  // no secret.
  absl::Status Call(const HttpCall& call, HttpAnswer& answer);

 private:
  struct Handle;
  std::unique_ptr<Handle> Take();
  void GiveBack(std::unique_ptr<Handle> handle);

  const HttpSettings settings_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_ ABSL_GUARDED_BY(mutex_);
  pid_t owner_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
