#include "testing/temp_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTailLines = 40;

bool TestHasFailed() {
  return testing::UnitTest::GetInstance()->current_test_info() != nullptr &&
         testing::Test::HasFailure();
}

void PrintTail(const fs::path& path) {
  std::ifstream file(path);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
    if (lines.size() > kTailLines) lines.pop_front();
  }
  std::cerr << "--- the end of " << path.string() << "\n";
  for (const std::string& line : lines) std::cerr << line << "\n";
}

}  // namespace

TempFolder::TempFolder(absl::string_view hint, OnFailure on_failure) : on_failure_(on_failure) {
  std::error_code error;
  fs::path base = fs::temp_directory_path(error);
  if (error) base = "/tmp";
  path_ = (base / absl::StrCat("graft-", hint, "-XXXXXX")).string();
  if (mkdtemp(path_.data()) == nullptr) {
    std::cerr << "cannot make a folder like " << path_ << "\n";
    abort();
  }
}

TempFolder::~TempFolder() {
  std::error_code error;
  if (on_failure_ == OnFailure::kRemove || !TestHasFailed()) {
    fs::remove_all(path_, error);
    return;
  }
  std::cerr << "--- the test failed; kept " << path_ << "\n";
  for (fs::recursive_directory_iterator it(path_, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".log") PrintTail(it->path());
  }
}

}  // namespace graft
