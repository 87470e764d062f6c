#include "topo_open/topo_open.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"
#include "filestore/folder_store.h"
#include "topo/queue_locks.h"

namespace graft {
namespace {

absl::StatusOr<std::unique_ptr<KeyValueStore>> OpenStore(Clock& clock, const TopoOptions& options,
                                                         const std::string& address) {
  if (options.implementation == kTopoFolder) {
    if (!options.make_folder && !std::filesystem::exists(address)) {
      return absl::NotFoundError(
          "there is no such folder: is --topo-global-server-address right? graftctl topo add-cell "
          "makes a new topology");
    }
    return MakeFolderStore(clock, address);
  }
  EtcdOptions etcd = options.etcd;
  for (absl::string_view endpoint : absl::StrSplit(address, ',')) {
    etcd.endpoints.emplace_back(absl::StripAsciiWhitespace(endpoint));
  }
  return MakeEtcdStore(clock, etcd);
}

bool LooksLikeHostPort(const std::string& address) {
  const std::vector<std::string> parts = absl::StrSplit(address, ':');
  int port = 0;
  return !absl::StrContains(address, '/') && parts.size() > 1 &&
         absl::SimpleAtoi(parts.back(), &port);
}

// Who locks, for people who look at a lock.
VitessQueueLocks::Options LockOwner() {
  VitessQueueLocks::Options owner;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) owner.host_name = host.data();
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found);
  owner.user_name = found != nullptr ? found->pw_name : absl::StrCat("uid ", geteuid());
  return owner;
}

}  // namespace

absl::Status ValidateTopoOptions(const TopoOptions& options) {
  std::vector<std::string> faults;
  const bool etcd = options.implementation == kTopoEtcd;
  if (!etcd && options.implementation != kTopoFolder) {
    faults.push_back(absl::StrCat("--topo-implementation is \"", options.implementation,
                                  "\"; write etcd2 or folder"));
  }
  if (options.global_server_address.empty()) {
    faults.push_back(
        absl::StrCat("--topo-global-server-address is missing; name ",
                     etcd ? "etcd's host:port" : "the folder to keep the topology in"));
  }
  if (options.implementation == kTopoFolder && LooksLikeHostPort(options.global_server_address)) {
    faults.push_back(absl::StrCat("--topo-global-server-address ", options.global_server_address,
                                  " is no folder; for etcd give --topo-implementation etcd2"));
  }
  if (options.global_root.empty()) faults.push_back("--topo-global-root is empty");
  if (options.etcd.tls_cert_file.empty() != options.etcd.tls_key_file.empty()) {
    faults.push_back("--topo-etcd-tls-cert and --topo-etcd-tls-key go together");
  }
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "; "));
}

absl::StatusOr<OpenedTopology> OpenTopology(Clock& clock, const TopoOptions& options,
                                            const WrapStore& wrap) {
  GRAFT_RETURN_IF_ERROR(ValidateTopoOptions(options));
  OpenedTopology opened;
  const auto open = [&clock, options, wrap](const std::string& address) {
    auto store = OpenStore(clock, options, address);
    if (store.ok() && wrap) store = wrap(*std::move(store));
    return store;
  };
  auto global = open(options.global_server_address);
  if (!global.ok()) {
    return Annotate(global.status(),
                    absl::StrCat("open the topology at ", options.global_server_address));
  }
  opened.global = *std::move(global);
  opened.topology = std::make_unique<VitessTopology>(VitessTopology::Deps{
      clock, *opened.global, options.global_root, options.global_server_address, open});
  opened.locks = std::make_unique<VitessQueueLocks>(
      VitessQueueLocks::Deps{clock, *opened.global, options.global_root}, LockOwner());
  return opened;
}

}  // namespace graft
