#include "contract/cli_pty.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace graft {
namespace {

constexpr absl::Duration kPtyPatience = absl::Seconds(20);

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

class ScreenModel {
 public:
  ScreenModel(int columns, int rows)
      : columns_(static_cast<size_t>(columns)), lines_(static_cast<size_t>(rows)) {}

  void Take(absl::string_view output) {
    while (!output.empty()) {
      if (absl::StartsWith(output, "\x1b[")) {
        output.remove_prefix(2);
        size_t end = 0;
        while (end < output.size() && !absl::ascii_isalpha(output[end])) ++end;
        Obey(output.substr(0, end), end < output.size() ? output[end] : 'm');
        output.remove_prefix(std::min(output.size(), end + 1));
      } else {
        size_t bytes = 1;
        while (bytes < output.size() && (output[bytes] & 0xC0) == 0x80) ++bytes;
        Put(output.substr(0, bytes));
        output.remove_prefix(bytes);
      }
    }
  }

  std::vector<std::string> Lines() const {
    std::vector<std::string> texts;
    for (const auto& line : lines_) {
      std::string text;
      for (const std::string& cell : line) text += cell;
      absl::StripTrailingAsciiWhitespace(&text);
      texts.push_back(std::move(text));
    }
    while (!texts.empty() && texts.back().empty()) texts.pop_back();
    return texts;
  }

 private:
  void Obey(absl::string_view parameters, char code) {
    int number = 1;
    if (!absl::SimpleAtoi(parameters, &number)) number = 1;
    if (code == 'A') row_ -= std::min(row_, static_cast<size_t>(number));
    if (code == 'K' || code == 'J') {
      lines_[row_].resize(std::min(lines_[row_].size(), column_));
    }
    for (size_t i = row_ + 1; code == 'J' && i < lines_.size(); ++i) lines_[i].clear();
  }

  void Put(absl::string_view character) {
    if (character == "\r") {
      column_ = 0;
    } else if (character == "\n") {
      NextRow();
    } else {
      if (column_ == columns_) {
        column_ = 0;
        NextRow();
      }
      auto& line = lines_[row_];
      if (line.size() <= column_) line.resize(column_ + 1, " ");
      line[column_++] = std::string(character);
    }
  }

  void NextRow() {
    if (++row_ < lines_.size()) return;
    lines_.erase(lines_.begin());
    lines_.emplace_back();
    --row_;
  }

  const size_t columns_;
  std::vector<std::vector<std::string>> lines_;
  size_t row_ = 0;
  size_t column_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PtyProcess>> PtyProcess::Start(const std::vector<std::string>& argv,
                                                              const PtyOptions& options) {
  const std::vector<char*> arguments = Pointers(argv);
  const std::vector<char*> environment = Pointers(options.env);
  winsize size = {};
  size.ws_col = static_cast<uint16_t>(options.columns);
  size.ws_row = static_cast<uint16_t>(options.rows);
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
  if (pid < 0) return absl::UnavailableError("no terminal to be had");
  if (pid == 0) {
    execve(arguments[0], arguments.data(), environment.data());
    _exit(127);
  }
  return std::unique_ptr<PtyProcess>(new PtyProcess(pid, terminal));
}

PtyProcess::~PtyProcess() {
  if (!ended_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(terminal_);
}

void PtyProcess::Type(absl::string_view keys) const {
  [[maybe_unused]] const ssize_t written = write(terminal_, keys.data(), keys.size());
}

void PtyProcess::Resize(int columns, int rows) const {
  winsize size = {};
  size.ws_col = static_cast<uint16_t>(columns);
  size.ws_row = static_cast<uint16_t>(rows);
  ioctl(terminal_, TIOCSWINSZ, &size);
}

void PtyProcess::Kill(int signal) const {
  if (!ended_) kill(pid_, signal);
}

bool PtyProcess::Await(const std::function<bool(const std::string&)>& condition) {
  const absl::Time deadline = absl::Now() + kPtyPatience;
  while (!condition(output_)) {
    if (!Read(deadline)) return condition(output_);
  }
  return true;
}

bool PtyProcess::AwaitText(absl::string_view text) {
  return Await([text](const std::string& output) { return absl::StrContains(output, text); });
}

std::string PtyProcess::AwaitEnd() {
  const absl::Time deadline = absl::Now() + kPtyPatience;
  while (Read(deadline)) {
  }
  int status = 0;
  // It has closed its terminal, or was too slow for any wait to help.
  if (absl::Now() >= deadline || waitpid(pid_, &status, 0) != pid_) return "";
  ended_ = true;
  return WIFSIGNALED(status) ? absl::StrCat("signal ", WTERMSIG(status))
                             : absl::StrCat("exit code ", WEXITSTATUS(status));
}

bool PtyProcess::Read(absl::Time deadline) {
  const absl::Duration left = std::max(absl::ZeroDuration(), deadline - absl::Now());
  pollfd ready = {terminal_, POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(left))) <= 0) return false;
  std::array<char, 4096> buffer;
  const ssize_t got = read(terminal_, buffer.data(), buffer.size());
  if (got <= 0) return false;
  output_.append(buffer.data(), static_cast<size_t>(got));
  return true;
}

std::vector<std::string> ScreenAfter(absl::string_view output, int columns, int rows) {
  ScreenModel screen(columns, rows);
  screen.Take(output);
  return screen.Lines();
}

}  // namespace graft
