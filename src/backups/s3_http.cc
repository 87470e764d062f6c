#include "backups/s3_http.h"

#include <curl/curl.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace graft {
namespace {

constexpr size_t kMostAnswerBytes = size_t{32} << 20;
constexpr int64_t kReceiveBytes = int64_t{512} << 10;
// How soon a call notices that it is given up.
constexpr int kLookMillis = 100;

// One call that is under way, for libcurl's callbacks.
struct UnderWay {
  const HttpCall& call;
  HttpAnswer& answer;
  absl::Status refused;  // by `to`
};

size_t TakeHeader(const char* text, size_t size, size_t count, void* data) {
  HttpAnswer& answer = static_cast<UnderWay*>(data)->answer;
  const absl::string_view line = absl::StripAsciiWhitespace({text, size * count});
  if (absl::StartsWith(line, "HTTP/")) answer = HttpAnswer();  // the one before was 100 Continue
  if (absl::StartsWith(line, "HTTP/") && line.size() >= 12) {
    answer.status = std::atoi(std::string(line.substr(line.find(' ') + 1, 3)).c_str());
  }
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos) {
    answer.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return size * count;
}

size_t TakeBody(const char* text, size_t size, size_t count, void* data) {
  UnderWay& under_way = *static_cast<UnderWay*>(data);
  const absl::string_view bytes(text, size * count);
  HttpAnswer& answer = under_way.answer;
  if (under_way.call.to != nullptr && (answer.status == 200 || answer.status == 206)) {
    under_way.refused = under_way.call.to(answer, bytes);
    return under_way.refused.ok() ? bytes.size() : 0;
  }
  if (answer.body.size() + bytes.size() > kMostAnswerBytes) return 0;
  answer.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

std::string HostOf(const std::string& url) {
  const size_t begin = url.find("://");
  const std::string rest = begin == std::string::npos ? url : url.substr(begin + 3);
  return rest.substr(0, rest.find('/'));
}

bool IsTlsFault(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

absl::Status HttpFault(CURLcode code, const std::string& url, absl::string_view details) {
  const std::string host = HostOf(url);
  const std::string text = details.empty() ? curl_easy_strerror(code) : std::string(details);
  if (IsTlsFault(code)) {
    return absl::UnauthenticatedError(
        absl::StrCat(host, " has no TLS certificate that this machine trusts: ", text,
                     ". Name the authority's file in AWS_CA_BUNDLE, or check the endpoint's name"));
  }
  if (code == CURLE_SSL_CONNECT_ERROR) {
    return absl::UnavailableError(absl::StrCat(
        "no TLS with ", host, ": ", text, "; an endpoint without TLS is given as http://host"));
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return absl::DeadlineExceededError(absl::StrCat(host, " does not answer: ", text));
  }
  return absl::UnavailableError(absl::StrCat("no answer from ", host, ": ", text));
}

int64_t Millis(absl::Duration duration) {
  return std::max<int64_t>(1, absl::ToInt64Milliseconds(duration));
}

template <typename T>
void Set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

void SetMethod(CURL* easy, const HttpCall& call) {
  if (call.method == "HEAD") {
    Set(easy, CURLOPT_NOBODY, 1L);
  } else if (call.method == "PUT" || call.method == "POST") {
    Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    Set(easy, CURLOPT_POSTFIELDS, call.body.data() == nullptr ? "" : call.body.data());
  }
  if (call.method != "HEAD") Set(easy, CURLOPT_CUSTOMREQUEST, call.method.c_str());
}

void SetSignature(CURL* easy, const HttpCall& call) {
  if (call.region.empty()) return;
  Set(easy, CURLOPT_AWS_SIGV4, absl::StrCat("aws:amz:", call.region, ":s3").c_str());
  Set(easy, CURLOPT_USERNAME, call.key_id.c_str());
  Set(easy, CURLOPT_PASSWORD, call.secret.Reveal().c_str());
}

void SetLimits(CURL* easy, const HttpSettings& settings, const HttpCall& call) {
  Set(easy, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(Millis(std::min(settings.connect_timeout, call.connect_timeout))));
  Set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  Set(easy, CURLOPT_LOW_SPEED_TIME,
      static_cast<long>(std::max<int64_t>(
          1, absl::ToInt64Seconds(absl::Ceil(settings.stall_timeout, absl::Seconds(1))))));
  if (call.most_time < absl::InfiniteDuration()) {
    Set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(Millis(call.most_time)));
  }
}

void SetTransport(CURL* easy, const HttpSettings& settings, const HttpCall& call) {
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  Set(easy, CURLOPT_PATH_AS_IS, 1L);
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_QUICK_EXIT, 1L);  // else its end waits for a name server that hangs
  Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(easy, CURLOPT_BUFFERSIZE, static_cast<long>(kReceiveBytes));
  if (call.direct) Set(easy, CURLOPT_NOPROXY, "*");
  if (settings.skip_verify) {
    Set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    Set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!settings.ca_file.empty()) Set(easy, CURLOPT_CAINFO, settings.ca_file.c_str());
}

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

HeaderList ToList(const std::vector<std::string>& headers) {
  curl_slist* list = nullptr;
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  return {list, &curl_slist_free_all};
}

// curl_easy_perform() would look only once a second.
CURLcode Perform(CURLM* multi, CURL* easy, const std::function<bool()>& given_up) {
  curl_multi_add_handle(multi, easy);
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  int running = 1;
  while (running > 0 && (given_up == nullptr || !given_up())) {
    curl_multi_perform(multi, &running);
    if (running > 0) curl_multi_poll(multi, nullptr, 0, kLookMillis, nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  }
  curl_multi_remove_handle(multi, easy);
  return result;
}

}  // namespace

struct HttpClient::Handle {
  CURLM* const multi = curl_multi_init();
  CURL* const easy = curl_easy_init();

  ~Handle() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
};

HttpClient::HttpClient(HttpSettings settings) : settings_(std::move(settings)), owner_(getpid()) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(ready);
  std::signal(SIGPIPE, SIG_IGN);  // a connection that was cut is an error of its call
}

HttpClient::~HttpClient() {
  const absl::MutexLock lock(&mutex_);
  if (owner_ == getpid()) return;
  for (std::unique_ptr<Handle>& handle : idle_) static_cast<void>(handle.release());
}

std::unique_ptr<HttpClient::Handle> HttpClient::Take() {
  const absl::MutexLock lock(&mutex_);
  if (owner_ != getpid()) {  // its connections are the parent's: not even to be closed
    for (std::unique_ptr<Handle>& handle : idle_) static_cast<void>(handle.release());
    idle_.clear();
    owner_ = getpid();
  }
  if (idle_.empty()) return std::make_unique<Handle>();
  std::unique_ptr<Handle> handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void HttpClient::GiveBack(std::unique_ptr<Handle> handle) {
  curl_easy_reset(handle->easy);  // no secret stays; the connection does
  const absl::MutexLock lock(&mutex_);
  idle_.push_back(std::move(handle));
}

absl::Status HttpClient::Call(const HttpCall& call, HttpAnswer& answer) {
  answer = HttpAnswer();
  UnderWay under_way = {call, answer, absl::OkStatus()};
  std::unique_ptr<Handle> handle = Take();
  CURL* easy = handle->easy;
  char details[CURL_ERROR_SIZE] = "";
  const HeaderList headers = ToList(call.headers);
  Set(easy, CURLOPT_URL, call.url.c_str());
  Set(easy, CURLOPT_HTTPHEADER, headers.get());
  Set(easy, CURLOPT_ERRORBUFFER, details);
  Set(easy, CURLOPT_HEADERFUNCTION, &TakeHeader);
  Set(easy, CURLOPT_HEADERDATA, &under_way);
  Set(easy, CURLOPT_WRITEFUNCTION, &TakeBody);
  Set(easy, CURLOPT_WRITEDATA, &under_way);
  SetMethod(easy, call);
  SetSignature(easy, call);
  SetLimits(easy, settings_, call);
  SetTransport(easy, settings_, call);
  const CURLcode code = Perform(handle->multi, easy, call.given_up);
  GiveBack(std::move(handle));
  if (!under_way.refused.ok()) return under_way.refused;
  if (code == CURLE_OK) return absl::OkStatus();
  if (code == CURLE_ABORTED_BY_CALLBACK) return absl::CancelledError("interrupted");
  return HttpFault(code, call.url, details);
}

}  // namespace graft
