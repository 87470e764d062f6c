#include "wire/operations_page.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"

namespace graft {
namespace {

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
