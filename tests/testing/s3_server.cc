#include "testing/s3_server.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "base/files.h"
#include "testing/eventually.h"
#include "testing/ports.h"
#include "testing/test_env.h"

namespace graft {

S3Server::S3Server(bool tls) : tls_(tls), port_(FreePort()), proxy_port_(FreePort()) {}

absl::Status S3Server::MakeCertificate() const {
  return RunAndRead({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                     "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                     folder_.path() + "/key.pem", "-out", ca_file()},
                    {}, absl::Seconds(30))
      .status();
}

absl::StatusOr<std::unique_ptr<S3Server>> S3Server::Start(bool tls) {
  GRAFT_ASSIGN_OR_RETURN(const std::string setup, SourceFile("scripts/setup"));
  GRAFT_ASSIGN_OR_RETURN(const std::string program, SourceFile("tests/testing/s3_server.py"));
  const auto python = RunAndRead({setup, "--print-s3-python"}, {}, absl::Minutes(10));
  if (!python.ok()) {
    return absl::NotFoundError(
        absl::StrCat("no S3 server to test with; run scripts/setup: ", python.status().message()));
  }
  auto server = absl::WrapUnique(new S3Server(tls));
  const std::string& folder = server->folder_.path();
  std::vector<std::string> command = {std::string(absl::StripAsciiWhitespace(*python)), program,
                                      folder, absl::StrCat(server->port_),
                                      absl::StrCat(server->proxy_port_)};
  if (tls) {
    GRAFT_RETURN_IF_ERROR(server->MakeCertificate());
    command.push_back(server->ca_file());
    command.push_back(folder + "/key.pem");
  }
  ProcessOptions options;
  options.log_file = folder + "/s3.log";
  GRAFT_ASSIGN_OR_RETURN(server->process_, Process::Start(command, options));
  const bool over = Eventually(absl::Seconds(30), [&] {
    return access((folder + "/ready").c_str(), F_OK) == 0 || !server->process_->running();
  });
  if (over && server->process_->running()) return server;
  return absl::UnavailableError("the S3 server does not serve: " +
                                ReadFile(options.log_file).value_or(""));
}

S3Options S3Server::options() const {
  S3Options options;
  options.endpoint = absl::StrCat(tls_ ? "https" : "http", "://127.0.0.1:", proxy_port_);
  options.bucket = "backups";
  options.force_path_style = true;
  return options;
}

std::vector<std::string> S3Server::Environment(const std::string& profile) const {
  const bool instance = profile == "instance";
  return {"AWS_ACCESS_KEY_ID=",
          "AWS_SECRET_ACCESS_KEY=",
          "AWS_SESSION_TOKEN=",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI=",
          "AWS_CA_BUNDLE=",
          absl::StrCat("AWS_SHARED_CREDENTIALS_FILE=", folder_.path(),
                       instance ? "/none" : "/credentials"),
          "AWS_PROFILE=" + (instance ? "" : profile),
          absl::StrCat("AWS_EC2_METADATA_DISABLED=", instance ? "" : "true"),
          absl::StrCat("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:", proxy_port_)};
}

void S3Server::UseCredentials(const std::string& profile) const {
  for (const std::string& variable : Environment(profile)) {
    const std::pair<std::string, std::string> sides =
        absl::StrSplit(variable, absl::MaxSplits('=', 1));
    setenv(sides.first.c_str(), sides.second.c_str(), 1);
  }
}

void S3Server::ExpireNext(int count) const {
  WriteFile(folder_.path() + "/expired", absl::StrCat(count)).IgnoreError();
}

void S3Server::SetFaults(const std::string& rules) const {
  // Another text each time, so that the same rules begin anew, too.
  static int times = 0;
  ReplaceFile(folder_.path() + "/faults", absl::StrCat(rules, "\n0 NONE ", ++times, " none\n"),
              /*durable=*/false)
      .IgnoreError();
  unlink((folder_.path() + "/requests").c_str());
}

std::vector<std::string> S3Server::Requests(const std::string& text) const {
  std::vector<std::string> found;
  const std::string all = ReadFile(folder_.path() + "/requests").value_or("");
  for (const absl::string_view line : absl::StrSplit(all, '\n', absl::SkipEmpty())) {
    if (absl::StrContains(line, text)) found.emplace_back(line);
  }
  return found;
}

int S3Server::most_parts() const {
  int parts = 0;
  if (!absl::SimpleAtoi(ReadFile(folder_.path() + "/parts").value_or(""), &parts)) return 0;
  return parts;
}

}  // namespace graft
