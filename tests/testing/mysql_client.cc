#include "testing/mysql_client.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "mysqld/tablet_dir.h"
#include "testing/process.h"
#include "testing/temp_folder.h"

namespace graft {

absl::StatusOr<SqlRows> RunSql(const std::string& mysql_home, const MysqlLogin& login,
                               absl::string_view sql, absl::Duration timeout) {
  const TempFolder folder("sql", TempFolder::OnFailure::kRemove);
  ProcessOptions options;
  options.stdin_file = folder.path() + "/sql";
  GRAFT_RETURN_IF_ERROR(WriteFile(options.stdin_file, absl::StrCat(sql, "\n")));
  options.env = {"MYSQL_PWD=" + login.password};
  std::vector<std::string> argv = {
      mysql_home + "/bin/mysql",         "--no-defaults",       "--batch", "--skip-column-names",
      "--default-character-set=utf8mb4", "--user=" + login.user};
  if (login.host.empty()) {
    argv.push_back("--socket=" + login.socket);
  } else {
    argv.insert(argv.end(),
                {"--protocol=TCP", "--host=" + login.host, absl::StrCat("--port=", login.port)});
  }
  const absl::StatusOr<std::string> printed = RunAndRead(argv, options, timeout);
  GRAFT_RETURN_IF_ERROR(printed.status());
  return ParseBatchOutput(*printed);
}

SqlRows ParseBatchOutput(absl::string_view text) {
  SqlRows rows;
  text = absl::StripSuffix(text, "\n");
  if (text.empty()) return rows;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    std::vector<std::string> row;
    for (const absl::string_view cell : absl::StrSplit(line, '\t')) {
      row.push_back(absl::StrReplaceAll(cell, {{"\\n", "\n"}, {"\\t", "\t"}, {"\\\\", "\\"}}));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace graft
