#include "testing/network_namespace.h"

#include <unistd.h>

#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/errors.h"
#include "testing/process.h"

namespace graft {
namespace {

absl::Status Ip(absl::string_view arguments) {
  std::vector<std::string> argv = absl::StrSplit(absl::StrCat("ip ", arguments), ' ');
  return RunAndRead(argv, {}, absl::Seconds(20)).status();
}

}  // namespace

// Links' names are bound to 15 characters.
NetworkNamespace::NetworkNamespace()
    : name_(absl::StrCat("graft-", getpid())),
      outer_link_(absl::StrCat("gr", getpid(), "o")),
      inner_link_(absl::StrCat("gr", getpid(), "i")),
      net_(absl::StrCat("10.231.", getpid() % 256)) {}

absl::StatusOr<std::unique_ptr<NetworkNamespace>> NetworkNamespace::Make() {
  auto made = absl::WrapUnique(new NetworkNamespace());
  const absl::Status built = made->Build();
  if (built.ok()) return made;
  return absl::PermissionDeniedError(
      absl::StrCat("a network namespace needs root and iproute2: ", built.message()));
}

absl::Status NetworkNamespace::Build() {
  const std::string inside = absl::StrCat("-n ", name_, " ");
  for (const std::string& arguments :
       {absl::StrCat("netns add ", name_),
        absl::StrCat("link add ", outer_link_, " type veth peer name ", inner_link_, " netns ",
                     name_),
        absl::StrCat("addr add ", outer_address(), "/30 dev ", outer_link_),
        absl::StrCat("link set ", outer_link_, " up"),
        absl::StrCat(inside, "addr add ", inner_address(), "/30 dev ", inner_link_),
        absl::StrCat(inside, "link set ", inner_link_, " up"),
        absl::StrCat(inside, "link set lo up")}) {
    GRAFT_RETURN_IF_ERROR(Ip(arguments));
  }
  return absl::OkStatus();
}

NetworkNamespace::~NetworkNamespace() {
  Ip(absl::StrCat("link del ", outer_link_)).IgnoreError();
  Ip(absl::StrCat("netns del ", name_)).IgnoreError();
}

// At the inner end: at the outer one it would also take the address away from who listens there.
absl::Status NetworkNamespace::Cut() {
  return Ip(absl::StrCat("-n ", name_, " link set ", inner_link_, " down"));
}

absl::Status NetworkNamespace::Heal() {
  return Ip(absl::StrCat("-n ", name_, " link set ", inner_link_, " up"));
}

}  // namespace graft
