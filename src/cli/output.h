// What a command answers with, for people or for programs.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace graft::cli {

enum class OutputFormat { kTable, kJson, kYaml };

// Writes one object, given as JSON: as a line of JSON, or as a document of YAML that begins with
// "---". For kTable the caller has lines of its own.
void WriteObject(OutputFormat format, const std::string& json, std::ostream& out);

void WriteLines(const std::vector<std::string>& lines, std::ostream& out);

// One line of protobuf's JSON, every field present but for messages that are unset.
std::string ToJsonLine(const google::protobuf::Message& message);

// The same value as lines of YAML, without a document's marks; a text that a YAML reader may take
// for something else is quoted. `json` must be JSON.
std::string YamlOf(absl::string_view json);

}  // namespace graft::cli
