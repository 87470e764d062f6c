#include "wire/provisioner_proto.h"

#include <google/protobuf/message.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "wire/fields.h"
#include "wire/operation_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

bool IsIdCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
         c == ':';
}

constexpr size_t kLongestBy = 256;
constexpr size_t kLongestNote = 1024;

// One line for people, which goes into journal, log and page.
absl::Status CheckText(absl::string_view field, absl::string_view text, size_t most) {
  if (text.size() > most) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, " has ", text.size(), " bytes; at most ", most, " are allowed"));
  }
  const auto is_control = [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return absl::InvalidArgumentError(absl::StrCat(field, " must be one line of text"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ReprovisionCall> CallFromProto(const google::protobuf::Message& proto) {
  GRAFT_ASSIGN_OR_RETURN(auto call, FromMessage<ReprovisionCall>(proto));
  GRAFT_RETURN_IF_ERROR(CheckCloneSettings(call.settings));
  return call;
}

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDefaultLimit = 20;
constexpr int kHighestLimit = 100;
constexpr size_t kMostBytes = 1024 * 1024;  // a client takes 4 MiB unless it says more
constexpr int kMostItems = 20;              // of a list inside of an operation
constexpr size_t kMostText = 2048;

// At a character's beginning.
std::string Cut(const std::string& text) {
  size_t end = kMostText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "…");
}

bool Abridge(Message& message);

bool AbridgeItems(Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  bool cut = false;
  while (reflection.FieldSize(message, &field) > kMostItems) {
    reflection.RemoveLast(&message, &field);
    cut = true;
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      cut |= Abridge(*reflection.MutableRepeatedMessage(&message, &field, i));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      const std::string text = reflection.GetRepeatedString(message, &field, i);
      if (text.size() <= kMostText) continue;
      reflection.SetRepeatedString(&message, &field, i, Cut(text));
      cut = true;
    }
  }
  return cut;
}

// Whether anything was cut.
bool Abridge(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  bool cut = false;
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) {
      cut |= AbridgeItems(message, *field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      cut |= Abridge(*reflection.MutableMessage(&message, field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      const std::string text = reflection.GetString(message, field);
      if (text.size() <= kMostText) continue;
      reflection.SetString(&message, field, Cut(text));
      cut = true;
    }
  }
  return cut;
}

absl::StatusOr<size_t> Begin(const std::vector<Operation>& newest_first, const std::string& after) {
  if (after.empty()) return 0;
  const auto known =
      std::find_if(newest_first.begin(), newest_first.end(),
                   [&after](const Operation& operation) { return operation.request.id == after; });
  if (known == newest_first.end()) {
    return absl::NotFoundError(absl::StrCat("no operation ", after, " to go on behind"));
  }
  return static_cast<size_t>(known - newest_first.begin()) + 1;
}

}  // namespace

// What Reprovision and Preflight have in common.
void Map(Fields& fields, ReprovisionCall& call) {
  GRAFT_MAP(fields, call.donor, call.replicate_from, call.settings, call.allow);
}

void Map(Fields& fields, ReplicationChannel& channel) {
  GRAFT_MAP(fields, channel.source, channel.receiver_running, channel.applier_running,
            channel.receiver_errno, channel.receiver_error, channel.applier_errno,
            channel.applier_error, channel.lag);
}

void Map(Fields& fields, TabletSnapshot& tablet) {
  GRAFT_MAP(fields, tablet.alias, tablet.keyspace, tablet.shard, tablet.mysql_reachable,
            tablet.mysql_error, tablet.mysql_version, tablet.gtid_executed, tablet.super_read_only,
            tablet.replication, tablet.donating, tablet.donations_seen);
}

void Map(Fields& fields, ReleaseCall& call) {
  fields("id", call.id);
  fields("word", call.word);
}

absl::Status CheckOperationId(absl::string_view id) {
  if (id.size() > kLongestOperationId) {
    return absl::InvalidArgumentError(absl::StrCat("the operation id has ", id.size(),
                                                   " characters; at most ", kLongestOperationId,
                                                   " are allowed"));
  }
  if (!std::all_of(id.begin(), id.end(), IsIdCharacter)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", absl::CHexEscape(id),
                     "\" is no operation id; use letters, digits, '-', '_', '.' and ':'"));
  }
  return absl::OkStatus();
}

v1::ReprovisionRequest ToProto(const ReprovisionCall& call) {
  auto proto = ToMessage<v1::ReprovisionRequest>(call);
  proto.set_id(call.id);
  proto.set_if_needed(call.if_needed);
  return proto;
}

absl::StatusOr<ReprovisionCall> FromProto(const v1::ReprovisionRequest& proto) {
  GRAFT_RETURN_IF_ERROR(CheckOperationId(proto.id()));
  GRAFT_ASSIGN_OR_RETURN(ReprovisionCall call, CallFromProto(proto));
  call.id = proto.id();
  call.if_needed = proto.if_needed();
  return call;
}

v1::ReleaseRequest ToProto(const ReleaseCall& call) {
  return ToMessage<v1::ReleaseRequest>(call);
}

absl::StatusOr<ReleaseCall> FromProto(const v1::ReleaseRequest& proto) {
  GRAFT_RETURN_IF_ERROR(CheckOperationId(proto.id()));
  const v1::ReleaseWord& word = proto.word();
  if (word.by().empty()) return absl::InvalidArgumentError("word.by: say who releases the tablet");
  GRAFT_RETURN_IF_ERROR(CheckText("word.by", word.by(), kLongestBy));
  GRAFT_RETURN_IF_ERROR(CheckText("word.note", word.note(), kLongestNote));
  return FromMessage<ReleaseCall>(proto);
}

v1::PreflightRequest ToPreflightRequest(const ReprovisionCall& call) {
  return ToMessage<v1::PreflightRequest>(call);
}

absl::StatusOr<ReprovisionCall> FromProto(const v1::PreflightRequest& proto) {
  return CallFromProto(proto);
}

absl::StatusOr<absl::Duration> MinInterval(const v1::WatchOperationRequest& request) {
  if (!request.has_min_interval()) return absl::Seconds(1);
  const absl::Duration interval = FromDuration(request.min_interval());
  if (interval < absl::ZeroDuration() || interval > absl::Hours(1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("min_interval is ", absl::FormatDuration(interval), "; 0 to 1h are allowed"));
  }
  return std::max(interval, absl::Milliseconds(50));
}

CancelWish WishOf(const v1::CancelOperationRequest& request) {
  return request.even_if_dropped() ? CancelWish::kEvenIfDropped : CancelWish::kIfNothingDropped;
}

absl::StatusOr<CloneSettings> FromProto(const v1::ThrottleOperationRequest& proto) {
  GRAFT_RETURN_IF_ERROR(CheckOperationId(proto.id()));
  GRAFT_ASSIGN_OR_RETURN(auto settings, FromMessage<CloneSettings>(proto.settings()));
  GRAFT_RETURN_IF_ERROR(CheckCloneSettings(settings));
  if (settings == CloneSettings()) {
    return absl::InvalidArgumentError(
        "nothing to change: set settings.max_data_bandwidth_mib or "
        "settings.max_network_bandwidth_mib");
  }
  return settings;
}

v1::GetTabletResponse ToProto(const TabletSnapshot& snapshot, absl::Time now) {
  auto proto = ToMessage<v1::GetTabletResponse>(snapshot);
  proto.set_type(std::string(TabletTypeName(snapshot.type)));
  proto.set_takes_turns(true);
  proto.set_acknowledges(snapshot.acknowledges);
  if (snapshot.read_at != absl::InfinitePast()) {
    *proto.mutable_age() = ToDuration(std::max(now - snapshot.read_at, absl::ZeroDuration()));
  }
  return proto;
}

absl::StatusOr<v1::ListOperationsResponse> OperationsPage(
    const std::vector<Operation>& newest_first, const v1::ListOperationsRequest& request) {
  if (request.limit() < 0) {
    return absl::InvalidArgumentError(absl::StrCat("limit is ", request.limit(), "; say 1 to ",
                                                   kHighestLimit, ", or 0 for ", kDefaultLimit));
  }
  GRAFT_RETURN_IF_ERROR(CheckOperationId(request.before_id()));
  GRAFT_ASSIGN_OR_RETURN(const size_t begin, Begin(newest_first, request.before_id()));
  const int limit = request.limit() == 0 ? kDefaultLimit : std::min(request.limit(), kHighestLimit);
  v1::ListOperationsResponse page;
  size_t bytes = 0;
  for (size_t i = begin; i < newest_first.size(); ++i) {
    v1::Operation operation = ToProto(newest_first[i]);
    const bool cut = Abridge(operation);
    bytes += operation.ByteSizeLong();
    if (page.operations_size() == limit || (i > begin && bytes > kMostBytes)) {
      page.set_more(true);
      break;
    }
    if (cut) page.add_abridged(operation.id());
    *page.add_operations() = std::move(operation);
  }
  return page;
}

}  // namespace graft
