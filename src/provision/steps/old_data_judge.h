// Whether a recipient's old data can still be used, so that no copy is needed. Pure.
//
// Only what is known to be harmless counts as harmless: an error that is not in the list of passing
// errors, and a fact that cannot be seen, are reasons to copy.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "graft/mysql_server.h"
#include "graft/operation.h"

namespace graft {

// An error that stops replication, and says nothing about the data.
struct PassingError {
  int number;
  const char* in_text;  // only if MySQL's text has this in it; "": always
  const char* why;
};
absl::Span<const PassingError> PassingErrors();
// nullptr: it may mean that the data differ.
const PassingError* FindPassingError(int number, const std::string& text);

// The settings of a replica that let its applier pass over errors, each with the value that lets
// nothing pass and its older name: {"replica_skip_errors", "slave_skip_errors", "OFF"}.
struct SkipSetting {
  const char* name;
  const char* older_name;
  const char* harmless;
};
const std::vector<SkipSetting>& SkipSettings();

struct OldDataFacts {
  DataState data_state = DataState::kIntact;
  bool clone_outstanding = false;  // one was sent, or runs, and its end is not known
  std::string recorded_uuid;       // of the recipient's server, by its record; empty: unknown
  // The recipient, read before the others, so that a new transaction does not look errant.
  ServerFacts recipient;
  absl::StatusOr<std::vector<ReplicationChannel>> channels = absl::UnknownError("not asked");
  absl::StatusOr<std::map<std::string, std::string>> skips =  // SkipSettings(), by the newer name
      absl::UnknownError("not asked");
  TabletAlias source_alias;
  absl::StatusOr<ServerFacts> source = absl::UnknownError("not asked");
  absl::StatusOr<ServerFacts> primary = absl::UnknownError("not asked");
};

struct OldDataJudgement {
  std::vector<std::string> why_copy;  // with numbers; empty: the old data can catch up
  std::string found;                  // what was seen, with numbers
  int64_t behind = 0;                 // transactions that the source has and the recipient lacks
};
OldDataJudgement JudgeOldData(const OldDataFacts& facts);

}  // namespace graft
