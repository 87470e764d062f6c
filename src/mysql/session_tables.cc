#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "mysql/tables.h"

namespace graft {
namespace {

// Event workers and replication's threads show "Connect"; so do connections that have not given a
// password yet, which hold nothing.
bool IsUserSession(const Row& row) {
  const std::string command = row.Text({"Command"});
  if (command == "Daemon" || command == "Connect") return false;
  const std::string user = row.Text({"User"});
  return user != "system user" && user != "event_scheduler" && user != "unauthenticated user";
}

absl::StatusOr<ServerSession> ReadSession(const Row& row) {
  ServerSession session;
  GRAFT_ASSIGN_OR_RETURN(session.connection_id, row.Number({"Id"}));
  session.user = row.Text({"User"});
  session.host = row.Text({"Host"});
  session.command = row.Text({"Command"});
  session.state = row.Text({"State"});
  GRAFT_ASSIGN_OR_RETURN(const int64_t seconds, row.Number({"Time"}));
  session.in_command = absl::Seconds(std::max<int64_t>(0, seconds));  // clocks go back
  session.statement = ShowStatement(row.Text({"Info"}));
  return session;
}

absl::Status AddIds(const RowSet& rows, std::set<int64_t>* ids) {
  for (const Row& row : Rows(rows)) {
    GRAFT_ASSIGN_OR_RETURN(const int64_t id, row.Number({"id"}));
    ids->insert(id);
  }
  return absl::OkStatus();
}

using Holders = std::map<int64_t, std::set<int64_t>>;  // by waiting session

absl::StatusOr<Holders> ReadLockWaits(const RowSet& rows) {
  Holders holders;
  for (const Row& row : Rows(rows)) {
    GRAFT_ASSIGN_OR_RETURN(const int64_t waiter, row.Number({"waiter"}));
    GRAFT_ASSIGN_OR_RETURN(const int64_t holder, row.Number({"holder"}));
    if (waiter == 0 || holder == 0) continue;  // threads that nobody can end
    if (!LocksConflict(row.Text({"wanted"}), row.Text({"held"}))) continue;
    holders[waiter].insert(holder);
  }
  return holders;
}

// Of the UTF-8 character at `text`'s begin; 0: none.
size_t CharacterLength(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                        : first >= 0xe0 && first <= 0xef ? 3
                        : first >= 0xf0 && first <= 0xf4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  // Overlong forms, surrogates, and code points above U+10FFFF.
  const bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                   (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return bad ? 0 : length;
}

std::string Printable(absl::string_view text) {
  std::string line;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) {
      line += '?';
    } else if (length == 1 && absl::ascii_iscntrl(static_cast<unsigned char>(text[0]))) {
      line += ' ';
    } else {
      absl::StrAppend(&line, text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return line;
}

}  // namespace

bool LocksConflict(absl::string_view wanted, absl::string_view held) {
  static const auto* const free = new std::map<std::string, std::set<std::string>, std::less<>>{
      {"INTENTION_EXCLUSIVE", {"INTENTION_EXCLUSIVE"}},
      {"SHARED",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
        "SHARED_UPGRADABLE", "SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE"}},
      {"SHARED_READ",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
        "SHARED_UPGRADABLE", "SHARED_READ_ONLY", "SHARED_NO_WRITE"}},
      {"SHARED_WRITE",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
        "SHARED_UPGRADABLE"}},
      {"SHARED_UPGRADABLE",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO",
        "SHARED_READ_ONLY"}},
      {"SHARED_READ_ONLY",
       {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_UPGRADABLE", "SHARED_READ_ONLY",
        "SHARED_NO_WRITE"}},
      {"SHARED_NO_WRITE", {"SHARED", "SHARED_HIGH_PRIO", "SHARED_READ", "SHARED_READ_ONLY"}},
      {"SHARED_NO_READ_WRITE", {"SHARED", "SHARED_HIGH_PRIO"}},
  };
  if (wanted == "SHARED_HIGH_PRIO") wanted = "SHARED";
  if (wanted == "SHARED_WRITE_LOW_PRIO") wanted = "SHARED_WRITE";
  const auto row = free->find(wanted);
  return row == free->end() || row->second.count(std::string(held)) == 0;
}

std::string ShowStatement(absl::string_view text) {
  const std::string upper = absl::AsciiStrToUpper(text);
  size_t end = text.size();
  for (absl::string_view keyword : {"IDENTIFIED", "PASSWORD", "SECRET"}) {
    const size_t found = upper.find(keyword.data(), 0, keyword.size());
    if (found != std::string::npos) end = std::min(end, found + keyword.size());
  }
  const std::string shown = Printable(text.substr(0, end));
  return end < text.size() ? absl::StrCat(shown, " ...") : shown;
}

absl::StatusOr<std::vector<ServerSession>> ReadSessionRows(const SessionRows& rows) {
  std::set<int64_t> in_transaction;
  GRAFT_RETURN_IF_ERROR(AddIds(rows.transactions, &in_transaction));
  GRAFT_RETURN_IF_ERROR(AddIds(rows.held_locks, &in_transaction));
  GRAFT_ASSIGN_OR_RETURN(Holders holders, ReadLockWaits(rows.lock_waits));
  std::vector<ServerSession> sessions;
  for (const Row& row : Rows(rows.processlist)) {
    if (!IsUserSession(row)) continue;
    GRAFT_ASSIGN_OR_RETURN(ServerSession session, ReadSession(row));
    if (session.connection_id == rows.own_id) continue;
    session.in_transaction = in_transaction.count(session.connection_id) > 0;
    const std::set<int64_t>& waits = holders[session.connection_id];
    session.waits_for.assign(waits.begin(), waits.end());
    sessions.push_back(std::move(session));
  }
  std::sort(sessions.begin(), sessions.end(), [](const ServerSession& a, const ServerSession& b) {
    return a.connection_id < b.connection_id;
  });
  return sessions;
}

}  // namespace graft
