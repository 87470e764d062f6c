#include "provision/steps/old_data_judge.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/gtid_set.h"

namespace graft {
namespace {

constexpr char kAway[] = "the source, or the way to it, was away";
constexpr char kLink[] = "the link to the source broke";
constexpr char kAccount[] = "the source refused the account, which graft sets anew";
constexpr char kKilled[] = "the thread, or its connection, was killed";
constexpr char kLocks[] = "waits for locks; the transaction was rolled back as a whole";
constexpr char kRelay[] = "the relay log is unreadable; repointing fetches a new one";

constexpr PassingError kPassing[] = {
    {2002, "", kAway},
    {2003, "", kAway},
    {2005, "", "the source's host name was unknown"},
    {2006, "", kLink},
    {2012, "", kLink},
    {2013, "", kLink},
    {2026, "", "TLS with the source failed"},
    {2055, "", kLink},
    {1040, "", "the source had too many connections"},
    {1203, "", "the source had too many connections"},
    {1043, "", kLink},  // a handshake that broke off
    {1045, "", kAccount},
    {1129, "", "the source had blocked this host"},
    {1130, "", kAccount},
    {3118, "", kAccount},
    {3159, "", "the source wants TLS, which graft sets anew"},
    {1053, "", "the source was shutting down"},
    {1077, "", "the source was shutting down"},
    {1079, "", "the source was shutting down"},
    {1152, "", kLink},
    {1184, "", kLink},
    {1158, "", kLink},
    {1159, "", kLink},
    {1160, "", kLink},
    {1161, "", kLink},
    {1189, "", kLink},
    {1190, "", kLink},
    {4031, "", kLink},
    {1200, "", "no source was set"},
    {1201, "", "its metadata was not initialised; repointing writes it anew"},
    {1871, "", "its metadata was unreadable; repointing writes it anew"},
    {1872, "", "its metadata was unreadable; repointing writes it anew"},
    // Of the source that it has; whether the one that it is to get still has them, the sets tell.
    {1236, "purged required binary logs", "its source has purged binary logs"},
    {13114, "purged required binary logs", "its source has purged binary logs"},
    {1205, "", kLocks},
    {1213, "", kLocks},
    {1317, "", kKilled},
    {3024, "", "a statement took too long, and was rolled back"},
    // The coordinator's word for workers that have stopped; theirs are judged beside it.
    {1756, "", "the workers were stopped in the middle; a start brings them together"},
    {1594, "", kRelay},
    {13121, "", kRelay},
    {13117, "Event crc check failed", kRelay},
    {1595, "", kRelay},
    {13122, "", kRelay},
    {1744, "", "an event in the relay log has a wrong checksum; repointing fetches it anew"},
    {1745, "", "an event in the relay log has a wrong checksum; repointing fetches it anew"},
    {1743, "", "an event arrived with a wrong checksum; it is fetched anew"},
};

// A thread's error, from wherever the server shows it.
std::vector<ThreadError> ErrorsOf(const ReplicationChannel& channel) {
  std::vector<ThreadError> errors = {{"receiver", channel.receiver_errno, channel.receiver_error},
                                     {"applier", channel.applier_errno, channel.applier_error}};
  errors.insert(errors.end(), channel.thread_errors.begin(), channel.thread_errors.end());
  errors.erase(std::remove_if(errors.begin(), errors.end(),
                              [](const ThreadError& error) { return error.number == 0; }),
               errors.end());
  return errors;
}

class Judge {
 public:
  explicit Judge(const OldDataFacts& facts) : facts_(facts) {}

  OldDataJudgement Run() {
    JudgeServer();
    JudgeChannels();
    JudgeSkips();
    JudgeTransactions();
    judgement_.found = absl::StrJoin(found_, "; ");
    return std::move(judgement_);
  }

 private:
  template <typename... Parts>
  void Copy(const Parts&... parts) {
    judgement_.why_copy.push_back(absl::StrCat(parts...));
  }
  template <typename... Parts>
  void Found(const Parts&... parts) {
    found_.push_back(absl::StrCat(parts...));
  }

  void JudgeServer() {
    if (facts_.data_state != DataState::kIntact) {
      Copy("the data is ", DataStateName(facts_.data_state));
    }
    if (facts_.clone_outstanding) Copy("a CLONE was sent to this server, and its end is not known");
    const std::string& uuid = facts_.recipient.server_uuid;
    if (facts_.recorded_uuid.empty()) {
      Copy("the tablet's record does not say whose server this is");
    } else if (!absl::EqualsIgnoreCase(facts_.recorded_uuid, uuid)) {
      Copy("this server is ", uuid, ", and the tablet's record says ", facts_.recorded_uuid);
    }
    if (facts_.recipient.gtid_mode != "ON") {
      Copy("gtid_mode is ", facts_.recipient.gtid_mode, " on this server");
    }
    if (facts_.recipient.gtid_executed.empty()) Copy("this server holds no transaction");
  }

  void JudgeChannels() {
    if (!facts_.channels.ok()) {
      return Copy("the replication cannot be seen: ", facts_.channels.status().message());
    }
    if (facts_.channels->empty()) Found("no replication channel");
    for (const ReplicationChannel& channel : *facts_.channels) JudgeChannel(channel);
  }

  void JudgeChannel(const ReplicationChannel& channel) {
    if (!channel.name.empty()) Copy("there is a replication channel '", channel.name, "'");
    if (channel.delay > absl::ZeroDuration()) {
      Copy("SOURCE_DELAY is ", absl::ToInt64Seconds(channel.delay),
           " s, so it is behind on purpose");
    }
    if (!channel.filters.empty()) {
      Copy("its applier filters, and GTIDs do not tell what it left out: ",
           absl::StrJoin(channel.filters, ", "));
    }
    if (!channel.thread_errors_seen) {
      Copy("performance_schema does not show the errors of the replication threads");
    }
    const auto runs = [](bool on) { return on ? "runs" : "is stopped"; };
    Found("replication from ", channel.source.ToString(), ": receiver ", runs(channel.receives()),
          ", applier ", runs(channel.applier_running));
    for (const ThreadError& error : ErrorsOf(channel)) JudgeError(error);
  }

  // The coordinator repeats a worker's error, and SHOW REPLICA STATUS the coordinator's.
  void JudgeError(const ThreadError& error) {
    const PassingError* passing = FindPassingError(error.number, error.text);
    const std::string what =
        passing == nullptr
            ? absl::StrCat("error ", error.number, " (", error.thread,
                           ") may mean that the data differ: ", error.text)
            : absl::StrCat("error ", error.number, " (", error.thread, ") passes: ", passing->why);
    (passing == nullptr ? judgement_.why_copy : found_).push_back(what);
  }

  void JudgeSkips() {
    if (!facts_.skips.ok()) {
      return Copy("it cannot be seen whether the applier skips errors: ",
                  facts_.skips.status().message());
    }
    for (const SkipSetting& setting : SkipSettings()) {
      const auto value = facts_.skips->find(setting.name);
      if (value == facts_.skips->end() || absl::EqualsIgnoreCase(value->second, setting.harmless)) {
        continue;
      }
      Copy(setting.name, " is ", value->second, ": errors may have been skipped");
    }
  }

  void JudgeTransactions() {
    const std::string source = facts_.source_alias.ToString();
    if (!facts_.source.ok()) {
      return Copy("source ", source,
                  " does not say what it has: ", facts_.source.status().message());
    }
    if (facts_.source->gtid_mode != "ON") {
      Copy("gtid_mode is ", facts_.source->gtid_mode, " on source ", source);
    }
    if (absl::EqualsIgnoreCase(facts_.source->server_uuid, facts_.recipient.server_uuid)) {
      Copy("source ", source, " has this server's server_uuid");
    }
    const std::string& here = facts_.recipient.gtid_executed;
    const auto purged = GtidDifference(facts_.source->gtid_purged, here);
    const auto missing = GtidDifference(facts_.source->gtid_executed, here);
    const auto beside = GtidDifference(here, facts_.source->gtid_executed);
    for (const auto* set : {&purged, &missing, &beside}) {
      if (!set->ok()) return Copy("GTIDs cannot be compared: ", set->status().message());
    }
    judgement_.behind = missing->size();
    if (!purged->empty()) {
      Copy("source ", source, " has purged what is missing here: ", DescribeGtids(*purged));
    }
    Found(missing->empty()
              ? absl::StrCat("nothing of ", source, " is missing here")
              : absl::StrCat("of ", source, " these are missing here: ", DescribeGtids(*missing)));
    JudgeErrant(*beside);
  }

  // `beside`: what the source lacks.
  void JudgeErrant(const GtidSet& beside) {
    if (beside.empty()) return Found("no errant transactions");
    if (!facts_.primary.ok()) {
      return Copy(DescribeGtids(beside), " are not on the source, and the primary does not say ",
                  "whether they are errant: ", facts_.primary.status().message());
    }
    const auto errant = GtidDifference(beside.ToString(), facts_.primary->gtid_executed);
    if (!errant.ok()) return Copy("GTIDs cannot be compared: ", errant.status().message());
    if (!errant->empty()) {
      return Copy("neither source nor primary has these transactions: ", DescribeGtids(*errant));
    }
    Found("no errant transactions: what the source lacks, the primary has");
  }

  const OldDataFacts& facts_;
  OldDataJudgement judgement_;
  std::vector<std::string> found_;
};

}  // namespace

absl::Span<const PassingError> PassingErrors() {
  return kPassing;
}

const PassingError* FindPassingError(int number, const std::string& text) {
  for (const PassingError& error : kPassing) {
    if (error.number == number && absl::StrContains(text, error.in_text)) return &error;
  }
  return nullptr;
}

const std::vector<SkipSetting>& SkipSettings() {
  static const auto* const settings = new std::vector<SkipSetting>{
      {"replica_skip_errors", "slave_skip_errors", "OFF"},
      {"sql_replica_skip_counter", "sql_slave_skip_counter", "0"},
      {"replica_exec_mode", "slave_exec_mode", "STRICT"},  // IDEMPOTENT passes over 1032 and 1062
  };
  return *settings;
}

OldDataJudgement JudgeOldData(const OldDataFacts& facts) {
  return Judge(facts).Run();
}

}  // namespace graft
