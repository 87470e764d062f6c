#include "fakes/fake_server_host.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace graft {

FakeServerHost::FakeServerHost() {
  facts_.free_bytes = int64_t{1} << 40;
  facts_.supervised = true;
  facts_.plugin_libraries = {"mysql_clone.so"};
}

absl::StatusOr<HostFacts> FakeServerHost::Look(const std::string& /*data_directory*/,
                                               const std::string& /*pid_file*/,
                                               const std::string& /*plugin_directory*/) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  return facts_;
}

absl::StatusOr<std::vector<std::string>> FakeServerHost::Existing(
    const std::vector<std::string>& paths) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  std::vector<std::string> existing;
  std::copy_if(paths.begin(), paths.end(), std::back_inserter(existing),
               [this](const std::string& path) { return paths_.count(path) > 0; });
  return existing;
}

absl::StatusOr<std::string> FakeServerHost::Activity(const std::string& /*data_directory*/,
                                                     const std::string& /*error_log*/) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  if (busy_) ++activity_;
  return absl::StrCat("activity ", activity_);
}

absl::StatusOr<int64_t> FakeServerHost::CountFiles(const std::string& /*data_directory*/) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  if (makes_files_) ++files_;
  return files_;
}

void FakeServerHost::SetMakesFiles(bool makes) {
  absl::MutexLock lock(&mutex_);
  makes_files_ = makes;
}

absl::StatusOr<StartupSigns> FakeServerHost::ReadStartup(const std::string& /*data_directory*/,
                                                         const std::string& /*error_log*/) {
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  return startup_;
}

void FakeServerHost::SetStartup(const StartupSigns& signs) {
  absl::MutexLock lock(&mutex_);
  startup_ = signs;
}

void FakeServerHost::Put(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  paths_.insert(path);
}

void FakeServerHost::Edit(const std::function<void(HostFacts&)>& change) {
  absl::MutexLock lock(&mutex_);
  change(facts_);
}

void FakeServerHost::Fail(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  failure_ = std::move(status);
}

void FakeServerHost::SetBusy(bool busy) {
  absl::MutexLock lock(&mutex_);
  busy_ = busy;
}

void FakeServerHost::Stir() {
  absl::MutexLock lock(&mutex_);
  ++activity_;
}

}  // namespace graft
