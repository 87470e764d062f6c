#include "testing/test_env.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "testing/process.h"

namespace graft {
namespace {

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<std::string> FindMysqlHome() {
  const std::string home = Variable("GRAFT_MYSQL_HOME");
  if (!home.empty()) return home;
  const std::string source = Variable("GRAFT_SOURCE_DIR");
  if (source.empty()) {
    return absl::NotFoundError(
        "neither GRAFT_MYSQL_HOME nor GRAFT_SOURCE_DIR is set: run the test with ctest, or set the "
        "first to what scripts/setup --print-mysql-home prints");
  }
  const absl::StatusOr<std::string> printed =
      RunAndRead({source + "/scripts/setup", "--print-mysql-home"}, {}, absl::Minutes(10));
  if (!printed.ok()) {
    return absl::NotFoundError(
        absl::StrCat("no MySQL to test with; run scripts/setup: ", printed.status().message()));
  }
  return std::string(absl::StripAsciiWhitespace(*printed));
}

}  // namespace

absl::StatusOr<std::string> OurProgram(const std::string& name) {
  const std::string dir = Variable("GRAFT_BIN_DIR");
  std::string path = absl::StrCat(dir, "/", name);
  if (!dir.empty() && access(path.c_str(), X_OK) == 0) return path;
  return absl::NotFoundError(absl::StrCat("no ", name, " in GRAFT_BIN_DIR (", dir,
                                          "): build it, and run the test with ctest"));
}

absl::StatusOr<std::string> SourceFile(const std::string& path) {
  const std::string source = Variable("GRAFT_SOURCE_DIR");
  if (!source.empty()) return absl::StrCat(source, "/", path);
  return absl::NotFoundError("GRAFT_SOURCE_DIR is not set: run the test with ctest");
}

absl::StatusOr<std::string> MysqlHome() {
  static const auto* const home = new absl::StatusOr<std::string>(FindMysqlHome());
  return *home;
}

}  // namespace graft
