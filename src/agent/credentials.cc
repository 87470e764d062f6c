#include "agent/credentials.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
absl::StatusOr<CredentialsFile> ReadCredentialsFile(const std::string& path) {
  GRAFT_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  google::protobuf::Struct users;
  const absl::Status malformed = absl::InvalidArgumentError(
      absl::StrCat(path, " is no credentials file; write {\"vt_clone\": [\"<password>\"], ...}"));
  if (!google::protobuf::util::JsonStringToMessage(text, &users).ok()) return malformed;
  CredentialsFile credentials;
  for (const auto& [user, passwords] : users.fields()) {
    if (passwords.list_value().values_size() == 0) return malformed;
    const google::protobuf::Value& password = passwords.list_value().values(0);
    if (password.kind_case() != google::protobuf::Value::kStringValue) return malformed;
    credentials.emplace(user, Secret(password.string_value()));
  }
  return credentials;
}

absl::StatusOr<Secret> FindPassword(const AgentFlags::Account& account,
                                    const CredentialsFile& credentials) {
  if (!account.password_file.empty()) {
    GRAFT_ASSIGN_OR_RETURN(const std::string text, ReadFile(account.password_file));
    return Secret(std::string(absl::StripTrailingAsciiWhitespace(text)));
  }
  const auto found = credentials.find(account.user);
  if (found != credentials.end()) return found->second;
  return Secret(account.password);
}

ConnectionOptions PeerConnection(const HostPort& address, const MysqlAccount& account) {
  ConnectionOptions connection;
  connection.address = address;
  connection.user = account.user;
  connection.password = account.password;
  connection.require_ssl = account.use_ssl;
  return connection;
}

}  // namespace graft
