// Fields: the fields of one message beside the members of a plain value. Map(fields, value) names
// each pair once, for both ways: ToMessage() writes the members into the fields, FromMessage()
// reads them back.
//
// These are unset fields: an empty alias or address, a time that never was (absl::InfinitePast()),
// an OK status, an empty std::optional. A word or a number that is not known is INVALID_ARGUMENT,
// and the text names it, so that a newer peer is never half understood.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/operation.h"

// Members beside the fields of the same names: GRAFT_MAP(fields, row.stage, row.state).
#define GRAFT_MAP(fields, ...) (fields).All(#__VA_ARGS__, __VA_ARGS__)

namespace graft {

class Fields {
 public:
  using Message = google::protobuf::Message;

  // `status` is the first failure to read; it must outlive the fields, as must the message.
  Fields(Message* to, absl::Status* status) : from_(to), to_(to), status_(status) {}
  Fields(const Message* from, absl::Status* status) : from_(from), status_(status) {}

  bool reading() const { return to_ == nullptr; }
  bool Has(const char* name) const;
  void Fail(const absl::Status& status) { status_->Update(status); }

  void operator()(const char* name, bool& value);
  void operator()(const char* name, int& value);
  void operator()(const char* name, int64_t& value);
  void operator()(const char* name, double& value);
  void operator()(const char* name, std::string& value);
  void operator()(const char* name, std::vector<std::string>& values);
  // Read only if they are set.
  void operator()(const char* name, absl::Time& value);
  void operator()(const char* name, absl::Duration& value);
  void operator()(const char* name, absl::Status& value);
  // By their text.
  void operator()(const char* name, TabletAlias& value);
  void operator()(const char* name, HostPort& value);
  void operator()(const char* name, Step& v) { Word(name, v, StepName, ParseStep, "step"); }
  void operator()(const char* name, CloneStage& v) {
    Word(name, v, CloneStageName, ParseCloneStage, "clone stage");
  }
  void operator()(const char* name, CloneState& v) {
    Word(name, v, CloneStateName, ParseCloneState, "clone state");
  }
  void operator()(const char* name, Phase& v) { Word(name, v, PhaseName, ParsePhase, "phase"); }
  // By their number, which is one higher on the wire, for its "unspecified".
  void operator()(const char* name, CheckOutcome& v) { Number(name, v, "outcome of a check"); }
  void operator()(const char* name, CheckSide& v) { Number(name, v, "side of a check"); }
  void operator()(const char* name, DataState& v) { Number(name, v, "data state"); }
  void operator()(const char* name, OperationKind& v) { Number(name, v, "kind"); }
  void operator()(const char* name, OldDataVerdict& v) { Number(name, v, "verdict"); }
  void operator()(const char* name, Outcome& v) { Number(name, v, "outcome"); }
  void operator()(const char* name, ReplicateFrom& v) { Number(name, v, "replicate_from"); }
  // A message of its own: by ToProto() and FromProto(); all others by Map().
  void operator()(const char* name, DonorChoice& value);
  template <typename T>
  void operator()(const char* name, T& value) {
    Fields fields = In(name);
    Map(fields, value);
  }
  template <typename T>
  void operator()(const char* name, std::vector<T>& values) {
    if (reading()) values.resize(Size(name));
    for (size_t i = 0; i < values.size(); ++i) {
      Fields fields = Item(name, i);
      Map(fields, values[i]);
    }
  }
  template <typename T>
  void operator()(const char* name, std::optional<T>& value) {
    if (reading() ? !Has(name) : !value.has_value()) return;
    if (reading()) value.emplace();
    (*this)(name, *value);
  }
  // Each of `names`, "row.stage, row.state", with its value.
  template <typename... Values>
  void All(absl::string_view names, Values&... values) {
    ((*this)(TakeName(names).c_str(), values), ...);
  }
  // What is not set stays as it is.
  template <typename T>
  void IfSet(const char* name, T& value) {
    if (!reading() || Has(name)) (*this)(name, value);
  }
  Fields In(const char* name);  // those of the message in that field

 private:
  using FieldDescriptor = google::protobuf::FieldDescriptor;
  static std::string TakeName(absl::string_view& names);  // of the first member
  const FieldDescriptor* Find(const char* name) const;
  size_t Size(const char* name) const;
  Fields Item(const char* name, size_t i);  // appends it, when writing
  template <typename T, typename Get, typename Set>
  void Plain(const char* name, T& value, Get get, Set set);
  template <typename Enum>
  void Word(const char* name, Enum& value, absl::string_view (*show)(Enum),
            std::optional<Enum> (*parse)(absl::string_view), absl::string_view kind) {
    std::string word(show(value));
    (*this)(name, word);
    const std::optional<Enum> known = parse(word);
    if (!known.has_value()) FailUnknown(kind, word);
    value = known.value_or(value);
  }
  template <typename Enum>
  void Number(const char* name, Enum& value, absl::string_view kind) {
    value = static_cast<Enum>(WireNumber(name, static_cast<int>(value) + 1, kind) - 1);
  }
  int WireNumber(const char* name, int number, absl::string_view kind);
  void FailUnknown(absl::string_view kind, absl::string_view word);

  const Message* from_;
  Message* to_ = nullptr;
  absl::Status* status_;
};

template <typename M, typename T>
M ToMessage(T value) {
  M message;
  absl::Status status;
  Fields fields(&message, &status);
  Map(fields, value);
  return message;
}

template <typename T>
absl::StatusOr<T> FromMessage(const google::protobuf::Message& message) {
  T value;
  absl::Status status;
  Fields fields(&message, &status);
  Map(fields, value);
  if (!status.ok()) return status;
  return value;
}

}  // namespace graft
