#include "backup/backup_layout.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr char kDataFilePath[] = "innodb_data_file_path";

bool IsDataDirectory(const std::string& value) {
  return value.empty() || value == "." || value == "./" || value == "NULL";
}

absl::Status Outside(absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(
      what, ": a backup has only what lies in the data directory. Nothing was written"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> CheckLayout(MysqlServer& server) {
  GRAFT_ASSIGN_OR_RETURN(
      const std::vector<Variable> variables,
      server.ReadVariables({kDataFilePath, "innodb_data_home_dir", "innodb_log_group_home_dir",
                            "innodb_undo_directory"}));
  std::vector<std::string> system_files;
  for (const Variable& variable : variables) {
    if (variable.name != kDataFilePath) {
      if (IsDataDirectory(variable.value)) continue;
      return Outside(absl::StrCat(variable.name, " is ", variable.value));
    }
    for (const absl::string_view file : absl::StrSplit(variable.value, ';')) {
      system_files.emplace_back(file.substr(0, file.find(':')));
      if (!absl::StrContains(system_files.back(), '/')) continue;
      return Outside(absl::StrCat(kDataFilePath, " names ", system_files.back()));
    }
  }
  GRAFT_ASSIGN_OR_RETURN(const ServerSurvey survey, server.Survey(""));
  if (!survey.tablespaces.ok()) return Annotate(survey.tablespaces.status(), "the tablespaces");
  std::vector<std::string> outside = survey.tablespaces->outside;
  for (const std::string& undo : survey.tablespaces->undo) {
    if (!absl::StartsWith(undo, "./")) outside.push_back(undo);
  }
  if (outside.empty()) return system_files;
  return Outside("data files lie elsewhere: " + absl::StrJoin(outside, ", "));
}

absl::Status CheckDonorLayout(const Operation& operation) {
  for (const CheckResult& finding : operation.findings) {
    if (finding.id == RowOf(Reason::kTablespacePaths).word) return Outside(finding.found);
  }
  return absl::OkStatus();
}

}  // namespace graft
