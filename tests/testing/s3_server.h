// A real S3 server on 127.0.0.1 that checks signatures, behind a proxy that does what a test asks
// for; see s3_server.py. Not safe for several threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backups/s3_options.h"
#include "testing/process.h"
#include "testing/temp_folder.h"

namespace graft {

class S3Server {
 public:
  // Serves when it returns. `tls`: with a certificate that only ca_file() knows. NOT_FOUND: no
  // server to start; the text names scripts/setup.
  static absl::StatusOr<std::unique_ptr<S3Server>> Start(bool tls = false);

  // Of the bucket "backups", without pauses that a test would notice.
  S3Options options() const;
  std::string ca_file() const { return folder_.path() + "/ca.pem"; }

  // "NAME=value" for programs that are to have the credentials of this profile; "instance": the
  // instance's role. All of AWS's variables are among them.
  std::vector<std::string> Environment(const std::string& profile) const;
  // The same for this process.
  void UseCredentials(const std::string& profile) const;
  // Of the role's temporary credentials, the next `count` are over at once.
  void ExpireNext(int count) const;

  // Rules of s3_server.py, one a line. Forgets the requests until now.
  void SetFaults(const std::string& rules) const;
  // The lines of those that have this text: "PUT /backups/shop/0/one/1 -> 200".
  std::vector<std::string> Requests(const std::string& text) const;
  // Parts of uploads at the same time, at most, since the start.
  int most_parts() const;

  Process& process() { return *process_; }

 private:
  explicit S3Server(bool tls);
  absl::Status MakeCertificate() const;

  const TempFolder folder_{"s3"};
  const bool tls_;
  const int port_;
  const int proxy_port_;
  std::unique_ptr<Process> process_;
};

}  // namespace graft
