#include "wire/fields.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "wire/operation_proto.h"
#include "wire/time_proto.h"

namespace graft {
namespace {

using google::protobuf::Reflection;

// The enums of both sides are in the same order.
static_assert(static_cast<int>(CheckOutcome::kPassed) + 1 == v1::PASSED);
static_assert(static_cast<int>(CheckOutcome::kFatal) + 1 == v1::FATAL);
static_assert(static_cast<int>(CheckSide::kRecipient) + 1 == v1::CHECK_SIDE_RECIPIENT);
static_assert(static_cast<int>(CheckSide::kSource) + 1 == v1::CHECK_SIDE_SOURCE);
static_assert(static_cast<int>(DataState::kIntact) + 1 == v1::INTACT);
static_assert(static_cast<int>(DataState::kCloned) + 1 == v1::CLONED);
static_assert(static_cast<int>(OperationKind::kReprovision) + 1 == v1::REPROVISION);
static_assert(static_cast<int>(OperationKind::kRelease) + 1 == v1::RELEASE);
static_assert(static_cast<int>(Outcome::kRunning) + 1 == v1::RUNNING);
static_assert(static_cast<int>(Outcome::kCancelled) + 1 == v1::CANCELLED);
static_assert(static_cast<int>(ReplicateFrom::kDonor) + 1 == v1::REPLICATE_FROM_DONOR);
static_assert(static_cast<int>(ReplicateFrom::kPrimary) + 1 == v1::REPLICATE_FROM_PRIMARY);
static_assert(static_cast<int>(ReplicateFrom::kPrimaryOrDonor) + 1 ==
              v1::REPLICATE_FROM_PRIMARY_OR_DONOR);

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  HostPort address;
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no <host>:<port>"));
  }
  absl::string_view host = text.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  address.host = std::string(host);
  return address;
}

template <typename Proto>
Proto CopyOf(const google::protobuf::Message& message) {
  Proto proto;
  proto.CopyFrom(message);
  return proto;
}

}  // namespace

std::string Fields::TakeName(absl::string_view& names) {
  const size_t end = std::min(names.find(','), names.size());
  const absl::string_view member = names.substr(0, end);
  names.remove_prefix(std::min(end + 1, names.size()));
  return std::string(member.substr(member.rfind('.') + 1));
}

const google::protobuf::FieldDescriptor* Fields::Find(const char* name) const {
  return from_->GetDescriptor()->FindFieldByName(name);
}

bool Fields::Has(const char* name) const {
  return from_->GetReflection()->HasField(*from_, Find(name));
}

size_t Fields::Size(const char* name) const {
  return static_cast<size_t>(from_->GetReflection()->FieldSize(*from_, Find(name)));
}

Fields Fields::In(const char* name) {
  const Reflection& reflection = *from_->GetReflection();
  if (reading()) return {&reflection.GetMessage(*from_, Find(name)), status_};
  return {reflection.MutableMessage(to_, Find(name)), status_};
}

Fields Fields::Item(const char* name, size_t i) {
  const Reflection& reflection = *from_->GetReflection();
  if (!reading()) return {reflection.AddMessage(to_, Find(name)), status_};
  return {&reflection.GetRepeatedMessage(*from_, Find(name), static_cast<int>(i)), status_};
}

template <typename T, typename Get, typename Set>
void Fields::Plain(const char* name, T& value, Get get, Set set) {
  const Reflection& reflection = *from_->GetReflection();
  if (reading()) {
    value = (reflection.*get)(*from_, Find(name));
  } else {
    (reflection.*set)(to_, Find(name), value);
  }
}

void Fields::operator()(const char* name, bool& value) {
  Plain(name, value, &Reflection::GetBool, &Reflection::SetBool);
}

void Fields::operator()(const char* name, int& value) {
  Plain(name, value, &Reflection::GetInt32, &Reflection::SetInt32);
}

void Fields::operator()(const char* name, int64_t& value) {
  Plain(name, value, &Reflection::GetInt64, &Reflection::SetInt64);
}

void Fields::operator()(const char* name, double& value) {
  Plain(name, value, &Reflection::GetDouble, &Reflection::SetDouble);
}

void Fields::operator()(const char* name, std::string& value) {
  Plain(name, value, &Reflection::GetString, &Reflection::SetString);
}

void Fields::operator()(const char* name, std::vector<std::string>& values) {
  const Reflection& reflection = *from_->GetReflection();
  if (reading()) values.resize(Size(name));
  for (size_t i = 0; i < values.size(); ++i) {
    if (reading()) {
      values[i] = reflection.GetRepeatedString(*from_, Find(name), static_cast<int>(i));
    } else {
      reflection.AddString(to_, Find(name), values[i]);
    }
  }
}

void Fields::operator()(const char* name, absl::Time& value) {
  if (!reading() && value != absl::InfinitePast()) In(name).to_->CopyFrom(ToTimestamp(value));
  if (!reading() || !Has(name)) return;
  value = FromTimestamp(CopyOf<google::protobuf::Timestamp>(*In(name).from_));
}

void Fields::operator()(const char* name, absl::Duration& value) {
  if (!reading()) In(name).to_->CopyFrom(ToDuration(value));
  if (!reading() || !Has(name)) return;
  value = FromDuration(CopyOf<google::protobuf::Duration>(*In(name).from_));
}

void Fields::operator()(const char* name, absl::Status& value) {
  if (!reading() && !value.ok()) In(name).to_->CopyFrom(ToProto(value));
  if (reading() && Has(name)) value = FromProto(CopyOf<v1::Error>(*In(name).from_));
}

void Fields::operator()(const char* name, DonorChoice& value) {
  if (!reading()) {
    In(name).to_->CopyFrom(ToProto(value));
  } else if (auto choice = FromProto(CopyOf<v1::DonorChoice>(*In(name).from_)); choice.ok()) {
    value = *std::move(choice);
  } else {
    Fail(choice.status());
  }
}

void Fields::operator()(const char* name, TabletAlias& value) {
  std::string text = value.empty() ? "" : value.ToString();
  (*this)(name, text);
  if (!reading() || text.empty()) return;
  const absl::StatusOr<TabletAlias> alias = TabletAlias::Parse(text);
  Fail(alias.status());
  value = alias.value_or(TabletAlias());
}

void Fields::operator()(const char* name, HostPort& value) {
  std::string text = value.host.empty() && value.port == 0 ? "" : value.ToString();
  (*this)(name, text);
  if (!reading() || text.empty()) return;
  const absl::StatusOr<HostPort> address = ParseHostPort(text);
  Fail(address.status());
  value = address.value_or(HostPort());
}

int Fields::WireNumber(const char* name, int number, absl::string_view kind) {
  const FieldDescriptor* const field = Find(name);
  if (!reading()) {
    from_->GetReflection()->SetEnumValue(to_, field, number);
    return number;
  }
  const int found = from_->GetReflection()->GetEnumValue(*from_, field);
  if (found != 0 && field->enum_type()->FindValueByNumber(found) != nullptr) return found;
  FailUnknown(kind, absl::StrCat(found));
  return number;
}

void Fields::FailUnknown(absl::string_view kind, absl::string_view word) {
  Fail(absl::InvalidArgumentError(
      absl::StrCat("\"", word, "\" is no known ", kind, "; was this written by a newer graft?")));
}

}  // namespace graft
