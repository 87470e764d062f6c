#include "rpc/other_agent.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "wire/metadata.h"

namespace graft {

const std::string& ProcessMark() {
  static const auto* const mark = [] {
    absl::BitGen random;
    return new std::string(absl::StrCat(absl::Hex(absl::Uniform<uint64_t>(random))));
  }();
  return *mark;
}

bool OtherAgentAnswers(const std::string& address, const TabletAlias& alias,
                       absl::Duration patience) {
  const auto stub =
      v1::Provisioner::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.AddMetadata(kTabletMetadata, alias.ToString());
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
  v1::GetTabletResponse tablet;
  // An older agent does not look whom the call is meant for, and has no mark.
  return stub->GetTablet(&context, {}, &tablet).ok() && tablet.alias() == alias.ToString() &&
         tablet.process() != ProcessMark();
}

}  // namespace graft
