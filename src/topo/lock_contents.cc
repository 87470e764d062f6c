#include "topo/lock_contents.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace graft::topo {
namespace {

constexpr char kTabletField[] = "GraftTablet";
constexpr char kOperationField[] = "GraftOperation";
constexpr char kActionField[] = "Action";

std::string Quoted(absl::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string(text));
  std::string json;
  const bool written = google::protobuf::util::MessageToJsonString(value, &json).ok();
  return written ? json : "\"\"";
}

std::string Line(absl::string_view name, absl::string_view text) {
  return absl::StrCat("  \"", name, "\": ", Quoted(text), ",\n");
}

std::string TextOf(const google::protobuf::Struct& object, const std::string& name) {
  const auto field = object.fields().find(name);
  return field == object.fields().end() ? "" : field->second.string_value();
}

}  // namespace

// Line by line, because protobuf's JSON has its fields in no certain order.
std::string LockContents(const QueueEntry& entry, absl::string_view host_name,
                         absl::string_view user_name, absl::Time now) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone());
  return absl::StrCat("{\n", Line(kActionField, entry.action), Line("HostName", host_name),
                      Line("UserName", user_name), Line("Time", time), "  \"Options\": {},\n",
                      Line(kTabletField, entry.tablet.ToString()),
                      Line(kOperationField, entry.operation), "  \"Status\": \"Running\"\n}");
}

QueueEntry ParseLockContents(absl::string_view contents) {
  QueueEntry entry;
  google::protobuf::Struct object;
  const std::string json(contents);
  if (!google::protobuf::util::JsonStringToMessage(json, &object).ok()) return entry;
  const auto tablet = TabletAlias::Parse(TextOf(object, kTabletField));
  if (tablet.ok()) entry.tablet = *tablet;
  entry.operation = TextOf(object, kOperationField);
  entry.action = TextOf(object, kActionField);
  return entry;
}

}  // namespace graft::topo
