// Where passwords come from: Vitess's credentials file, a file per account, or the flag.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "agent/options.h"
#include "graft/secret.h"

namespace graft {

using CredentialsFile = std::map<std::string, Secret>;  // by user

// Vitess's format: {"vt_clone": ["password"], ...}. NOT_FOUND, UNAVAILABLE, INVALID_ARGUMENT; no
// text of the file is ever quoted.
absl::StatusOr<CredentialsFile> ReadCredentialsFile(const std::string& path);

// The account's own file first, then the credentials file, then the flag; else empty.
// NOT_FOUND, UNAVAILABLE: its file cannot be read.
absl::StatusOr<Secret> FindPassword(const AgentFlags::Account& account,
                                    const CredentialsFile& credentials);

}  // namespace graft
