// The lease half of FolderSession.
#include <time.h>

#include <algorithm>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"
#include "filestore/folder.h"
#include "filestore/record_file.h"

namespace graft {
namespace {

constexpr char kMagic[] = "graft-lease-1";
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

// The clock that leases end by, the same for all processes of the machine.
int64_t BootNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

absl::Status NoSuchLease(LeaseId lease) {
  return absl::NotFoundError(absl::StrCat("folder store: no such lease: ", lease));
}

// So that a lease's number is not used again, not even after a loss of the folder.
LeaseId RandomLeaseId() {
  std::random_device random;
  const uint64_t bits = (static_cast<uint64_t>(random()) << 32) | random();
  return static_cast<LeaseId>(bits >> 2) + 1;
}

}  // namespace

absl::StatusOr<LeaseId> FolderSession::GrantLease(int64_t ttl_seconds) {
  const Lease lease = {RandomLeaseId(), ttl_seconds,
                       BootNanoseconds() + ttl_seconds * kNanosecondsPerSecond};
  GRAFT_RETURN_IF_ERROR(WriteLease(lease));
  return lease.id;
}

absl::Status FolderSession::FindLease(LeaseId lease) const {
  GRAFT_ASSIGN_OR_RETURN(const std::optional<Lease> found, ReadLease(absl::StrCat(lease)));
  return found.has_value() ? absl::OkStatus() : NoSuchLease(lease);
}

absl::Status FolderSession::KeepLeaseAlive(LeaseId lease) {
  GRAFT_ASSIGN_OR_RETURN(std::optional<Lease> found, ReadLease(absl::StrCat(lease)));
  if (!found.has_value()) return NoSuchLease(lease);
  found->end = BootNanoseconds() + found->ttl_seconds * kNanosecondsPerSecond;
  return WriteLease(*found);
}

absl::Status FolderSession::EndLease(LeaseId lease) {
  GRAFT_ASSIGN_OR_RETURN(std::optional<Lease> found, ReadLease(absl::StrCat(lease)));
  if (!found.has_value()) return NoSuchLease(lease);
  // First the word, so that a death in between leaves an overdue lease and not half of one.
  found->end = 0;
  GRAFT_RETURN_IF_ERROR(WriteLease(*found));
  return DropLease(*found);
}

absl::StatusOr<absl::Duration> FolderSession::UntilLeaseEnds() const {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Lease> leases, Leases());
  absl::Duration first = absl::InfiniteDuration();
  const int64_t now = BootNanoseconds();
  for (const Lease& lease : leases) first = std::min(first, absl::Nanoseconds(lease.end - now));
  return std::max(first, absl::ZeroDuration());
}

absl::StatusOr<std::optional<FolderSession::Lease>> FolderSession::ReadLease(
    const std::string& name) const {
  const std::string path = folder_.Path("leases/" + name);
  GRAFT_ASSIGN_OR_RETURN(const std::optional<std::string> text, ReadIfThere(path));
  if (!text.has_value()) return std::nullopt;
  const std::vector<absl::string_view> words = absl::StrSplit(absl::StripSuffix(*text, "\n"), ' ');
  Lease lease{};
  const bool good = words.size() == 4 && words[0] == kMagic && absl::SimpleAtoi(name, &lease.id) &&
                    absl::SimpleAtoi(words[2], &lease.ttl_seconds) &&
                    absl::SimpleAtoi(words[3], &lease.end);
  if (!good) return Damaged(path, "not a lease of graft's");
  if (words[1] != folder_.boot_id_) lease.end = 0;
  return std::optional<Lease>(lease);
}

absl::StatusOr<std::vector<FolderSession::Lease>> FolderSession::Leases() const {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, folder_.Names("leases"));
  std::vector<Lease> leases;
  for (const std::string& name : names) {
    GRAFT_ASSIGN_OR_RETURN(const std::optional<Lease> lease, ReadLease(name));
    if (lease.has_value()) leases.push_back(*lease);
  }
  return leases;
}

absl::Status FolderSession::WriteLease(const Lease& lease) {
  // Not durable: a lease does not outlive the machine's boot, and the kernel outlives processes.
  return folder_.Replace(
      folder_.Path(absl::StrCat("leases/", lease.id)),
      absl::StrCat(kMagic, " ", folder_.boot_id_, " ", lease.ttl_seconds, " ", lease.end, "\n"),
      /*durable=*/false);
}

absl::Status FolderSession::DropLease(const Lease& lease) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<KeyValue> items, List(""));
  for (const KeyValue& item : items) {
    if (item.lease != lease.id) continue;
    KeyEvent event = {KeyEvent::Kind::kDelete, {}};
    event.item.key = item.key;
    GRAFT_RETURN_IF_ERROR(Commit(std::move(event)).status());
  }
  return StoreStatus(RemoveFile(folder_.Path(absl::StrCat("leases/", lease.id))));
}

absl::Status FolderSession::DropOverdueLeases() {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<Lease> leases, Leases());
  const int64_t now = BootNanoseconds();
  for (const Lease& lease : leases) {
    if (lease.end <= now) GRAFT_RETURN_IF_ERROR(DropLease(lease));
  }
  return absl::OkStatus();
}

}  // namespace graft
