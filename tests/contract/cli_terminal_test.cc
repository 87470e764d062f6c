// `graftctl watch` as people see it: the program itself on a terminal, or on a file, with an agent
// that the test holds in its hand.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/files.h"
#include "contract/cli_pty.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "testing/is_ok.h"
#include "testing/process.h"
#include "testing/temp_folder.h"
#include "testing/test_env.h"
#include "unit/shown_operations.h"

namespace graft::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Matches;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kAlias[] = "zone1-0000000103";
constexpr char kCtrlC[] = "\x03";

// One operation, which is as the test says.
class HeldAgent : public v1::Provisioner::Service {
 public:
  grpc::Status WatchOperation(grpc::ServerContext* context,
                              const v1::WatchOperationRequest* /*request*/,
                              grpc::ServerWriter<v1::Operation>* writer) override {
    int sent = -1;
    while (!context->IsCancelled()) {
      v1::Operation operation;
      {
        absl::MutexLock lock(&mutex_);
        const auto changed = [this, &sent]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
          return version_ != sent || closing_;
        };
        mutex_.AwaitWithTimeout(absl::Condition(&changed), absl::Milliseconds(100));
        if (closing_) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the agent stops");
        if (version_ == sent) continue;
        sent = version_;
        operation = operation_;
      }
      writer->Write(operation);
      if (operation.outcome() != v1::RUNNING) return grpc::Status::OK;
    }
    return grpc::Status::CANCELLED;
  }

  grpc::Status GetTablet(grpc::ServerContext* /*context*/, const v1::GetTabletRequest* /*request*/,
                         v1::GetTabletResponse* response) override {
    response->set_alias(kAlias);
    return grpc::Status::OK;
  }

  grpc::Status CancelOperation(grpc::ServerContext* context,
                               const v1::CancelOperationRequest* request,
                               v1::Operation* response) override {
    absl::MutexLock lock(&mutex_);
    cancels_.push_back(request->ShortDebugString());
    if (refuses_cancels_) {
      context->AddTrailingMetadata("graft-reason", "DATA_DROPPED");
      return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "the old data is dropped");
    }
    *response = operation_;
    return grpc::Status::OK;
  }

  void Become(const v1::Operation& operation) {
    absl::MutexLock lock(&mutex_);
    operation_ = operation;
    ++version_;
  }
  void RefuseCancels() {
    absl::MutexLock lock(&mutex_);
    refuses_cancels_ = true;
  }
  void Close(bool closing) {
    absl::MutexLock lock(&mutex_);
    closing_ = closing;
  }
  std::vector<std::string> cancels() const {
    absl::MutexLock lock(&mutex_);
    return cancels_;
  }

 private:
  mutable absl::Mutex mutex_;
  v1::Operation operation_ ABSL_GUARDED_BY(mutex_) = SecondAttempt();
  int version_ ABSL_GUARDED_BY(mutex_) = 0;
  bool refuses_cancels_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> cancels_ ABSL_GUARDED_BY(mutex_);
};

// Of a text without wide characters.
int Columns(absl::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

class CliTerminalTest : public ::testing::Test {
 protected:
  CliTerminalTest() { Listen(); }
  ~CliTerminalTest() override { StopListening(); }

  void Listen() {
    agent_.Close(false);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_), grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&agent_);
    server_ = builder.BuildAndStart();
  }

  void StopListening() {
    agent_.Close(true);
    server_->Shutdown();
    server_->Wait();
  }

  std::vector<std::string> Command(const std::vector<std::string>& flags) const {
    const auto program = OurProgram("graftctl");
    EXPECT_THAT(program, IsOk());
    if (!program.ok()) return {"/nowhere"};
    std::vector<std::string> argv = {*program, "watch", kAlias,
                                     absl::StrCat("--server=127.0.0.1:", port_)};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return argv;
  }

  // The program on a terminal, once it shows the operation.
  void Watch(PtyOptions options = {}, const std::vector<std::string>& flags = {}) {
    if (options.env.empty()) options.env = {"TERM=xterm-256color", "LC_ALL=C.UTF-8"};
    columns_ = options.columns;
    auto started = PtyProcess::Start(Command(flags), options);
    ASSERT_THAT(started, IsOk());
    graftctl_ = *std::move(started);
    ASSERT_TRUE(graftctl_->AwaitText("45")) << graftctl_->output();
  }

  std::vector<std::string> Screen(int rows = 24) const {
    return ScreenAfter(graftctl_->output(), columns_, rows);
  }

  // Whatever hid the cursor, what came last showed it. (Not each: a typed ^C makes the terminal
  // throw away what nobody has read yet.)
  void ExpectACursor() const {
    const std::string& output = graftctl_->output();
    EXPECT_NE(output.rfind("\x1b[?25h"), std::string::npos);
    EXPECT_GT(output.rfind("\x1b[?25h"), output.rfind("\x1b[?25l"));
  }

  HeldAgent agent_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<PtyProcess> graftctl_;
  int columns_ = 0;
};

v1::Operation WithPercent(double percent) {
  v1::Operation operation = SecondAttempt();
  operation.mutable_progress()->set_percent(percent);
  return operation;
}

v1::Operation Ended(v1::Outcome outcome, v1::DataState data) {
  v1::Operation operation = SecondAttempt();
  operation.set_outcome(outcome);
  operation.set_data_state(data);
  operation.mutable_ended()->set_seconds(1200);
  return operation;
}

TEST_F(CliTerminalTest, IsRedrawnInPlaceAndTheVerdictStays) {
  Watch();
  for (const double percent : {46.1, 47.1, 48.1}) {
    agent_.Become(WithPercent(percent));
    ASSERT_TRUE(graftctl_->AwaitText(absl::StrCat(percent)));
  }
  const std::vector<std::string> screen = Screen();
  EXPECT_THAT(screen[0], StartsWith("zone1-0000000103 ← zone1-0000000101"));
  EXPECT_THAT(screen[1], HasSubstr("48.1%"));
  EXPECT_EQ(std::count_if(screen.begin(), screen.end(),
                          [](const auto& line) { return absl::StrContains(line, "FILE COPY"); }),
            1);
  EXPECT_THAT(graftctl_->output(), HasSubstr("\x1b[1m"));
  agent_.Become(Ended(v1::DONE, v1::CLONED));
  EXPECT_EQ(graftctl_->AwaitEnd(), "exit code 0");
  ExpectACursor();
  EXPECT_THAT(Screen()[0], StartsWith("zone1-0000000103 done: data CLONED"));
  EXPECT_THAT(Screen(), Each(Not(HasSubstr("FILE COPY"))));
}

TEST_F(CliTerminalTest, FollowsTheTerminalsSize) {
  PtyOptions options;
  options.columns = 120;
  Watch(options);
  EXPECT_THAT(Screen()[0], HasSubstr("(db-101.example:3306)"));
  graftctl_->Resize(40, 10);
  // The last drawing, once it is whole; without any news of the operation.
  std::vector<std::string> drawn;
  EXPECT_TRUE(graftctl_->Await([&drawn](absl::string_view output) {
    const absl::string_view last = output.substr(output.rfind("\x1b[?25l"));
    drawn = ScreenAfter(last, 200, 50);
    return absl::EndsWith(last, "\x1b[?25h") && drawn.size() <= 9;
  })) << graftctl_->output();
  for (const std::string& line : drawn) EXPECT_LT(Columns(line), 40) << line;
  EXPECT_THAT(drawn, Contains(AllOf(HasSubstr("45.2%"), Not(HasSubstr("so far")))));
}

TEST_F(CliTerminalTest, NoColorMeansNoneWhateverItsValue) {
  PtyOptions options;
  options.env = {"TERM=xterm-256color", "NO_COLOR=0"};
  Watch(options);
  agent_.Become(Ended(v1::FAILED, v1::EMPTY));
  EXPECT_EQ(graftctl_->AwaitEnd(), "exit code 6");
  const std::string& output = graftctl_->output();
  for (size_t at = output.find("\x1b["); at != std::string::npos;
       at = output.find("\x1b[", at + 1)) {
    EXPECT_NE(output[output.find_first_not_of("0123456789;?", at + 2)], 'm') << at;
  }
  EXPECT_THAT(output, HasSubstr("\x1b[K"));  // it is redrawn all the same
}

TEST_F(CliTerminalTest, AnEmptyNoColorSaysNothing) {
  PtyOptions options;
  options.env = {"TERM=xterm-256color", "NO_COLOR="};
  Watch(options);
  EXPECT_THAT(graftctl_->output(), HasSubstr("\x1b[1m"));
}

TEST_F(CliTerminalTest, ADumbTerminalGetsPlainLines) {
  PtyOptions options;
  options.env = {"TERM=dumb"};
  Watch(options);
  agent_.Become(Ended(v1::DONE, v1::CLONED));
  EXPECT_EQ(graftctl_->AwaitEnd(), "exit code 0");
  EXPECT_THAT(graftctl_->output(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(graftctl_->output(), HasSubstr("clone: FILE COPY, 1.2 GiB of 2.4 GiB (50%)"));
}

TEST_F(CliTerminalTest, AFileGetsPlainLines) {
  agent_.Become(Ended(v1::DONE, v1::CLONED));
  ProcessOptions options;
  options.env = {"TERM=xterm-256color"};
  const auto output = RunAndRead(Command({}), options, absl::Seconds(20));
  ASSERT_THAT(output, IsOk());
  EXPECT_THAT(*output, AllOf(Not(HasSubstr("\x1b")), HasSubstr("done: data CLONED")));
}

TEST_F(CliTerminalTest, CtrlCLeavesTheOperationRunningAndSaysSo) {
  Watch();
  graftctl_->Type(kCtrlC);
  EXPECT_EQ(graftctl_->AwaitEnd(), absl::StrCat("signal ", SIGINT));
  EXPECT_TRUE(agent_.cancels().empty());
  ExpectACursor();
  const std::vector<std::string> screen = Screen();
  std::string said;
  for (const std::string& line : screen) said += line;
  EXPECT_THAT(said, HasSubstr(absl::StrCat("operation 20261120T172639-b8ac3013 of ", kAlias,
                                           " goes on without this watch")));
  EXPECT_THAT(said,
              HasSubstr(absl::StrCat("look again with: graftctl watch ", kAlias,
                                     " 20261120T172639-b8ac3013 --server 127.0.0.1:", port_)));
  EXPECT_THAT(said, Not(HasSubstr("^C")));
}

TEST_F(CliTerminalTest, SigtermDoesTheSame) {
  Watch({}, {"--cancel-on-interrupt"});
  graftctl_->Kill(SIGTERM);
  EXPECT_EQ(graftctl_->AwaitEnd(), absl::StrCat("signal ", SIGTERM));
  EXPECT_TRUE(agent_.cancels().empty());
  EXPECT_THAT(graftctl_->output(), HasSubstr("goes on without this watch"));
  ExpectACursor();
}

TEST_F(CliTerminalTest, CtrlCCancelsIfTold) {
  Watch({}, {"--cancel-on-interrupt"});
  graftctl_->Type(kCtrlC);
  ASSERT_TRUE(graftctl_->AwaitText("cancel granted")) << graftctl_->output();
  EXPECT_THAT(agent_.cancels(), ::testing::ElementsAre("id: \"20261120T172639-b8ac3013\""));
  agent_.Become(Ended(v1::CANCELLED, v1::INTACT));
  EXPECT_EQ(graftctl_->AwaitEnd(), "exit code 7");
  EXPECT_THAT(Screen()[0], HasSubstr("cancelled in clone"));
}

TEST_F(CliTerminalTest, ARefusedCancelIsToldAndASecondCtrlCLeaves) {
  agent_.RefuseCancels();
  Watch({}, {"--cancel-on-interrupt"});
  graftctl_->Type(kCtrlC);
  ASSERT_TRUE(graftctl_->AwaitText("not cancelled: DATA_DROPPED: the old data is dropped"));
  agent_.Become(WithPercent(61.5));  // it goes on, and so does the watch
  ASSERT_TRUE(graftctl_->AwaitText("61.5%"));
  EXPECT_THAT(Screen(), Contains(StartsWith("not cancelled: DATA_DROPPED")));
  graftctl_->Type(kCtrlC);
  EXPECT_EQ(graftctl_->AwaitEnd(), absl::StrCat("signal ", SIGINT));
  EXPECT_EQ(agent_.cancels().size(), 1u);
  EXPECT_THAT(graftctl_->output(), HasSubstr("goes on without this watch"));
}

TEST_F(CliTerminalTest, AnAgentThatRestartsIsWatchedOn) {
  Watch();
  StopListening();
  ASSERT_TRUE(graftctl_->AwaitText("no contact with the agent for")) << graftctl_->output();
  EXPECT_THAT(Screen(), Contains(HasSubstr("45.2%")));  // what was known last
  Listen();
  agent_.Become(WithPercent(55.5));
  // A whole drawing: what is read may end in the middle of one.
  EXPECT_TRUE(graftctl_->Await([this](const std::string&) {
    const std::vector<std::string> screen = Screen();
    return Matches(Contains(HasSubstr("55.5%")))(screen) &&
           Matches(Each(Not(HasSubstr("no contact"))))(screen);
  })) << graftctl_->output();
}

// The agent is there; its operation has nothing to say for longer than the watch has patience.
TEST_F(CliTerminalTest, AQuietOperationIsWatchedOn) {
  Watch({}, {"--timeout", "1s"});
  ASSERT_TRUE(graftctl_->Await([](const std::string& output) {
    size_t drawings = 0;  // one a second
    for (size_t at = 0; (at = output.find("\x1b[?25l", at)) != std::string::npos; ++at) ++drawings;
    return drawings > 8;
  }));
  EXPECT_THAT(graftctl_->output(), Not(HasSubstr("no contact")));
  agent_.Become(Ended(v1::FAILED, v1::EMPTY));
  EXPECT_EQ(graftctl_->AwaitEnd(), "exit code 6");
}

TEST_F(CliTerminalTest, CtrlCEndsAWatchThatHasNoContact) {
  Watch({}, {"--timeout", "10m"});
  StopListening();
  ASSERT_TRUE(graftctl_->AwaitText("no contact with the agent for"));
  graftctl_->Type(kCtrlC);
  EXPECT_EQ(graftctl_->AwaitEnd(), absl::StrCat("signal ", SIGINT));
  EXPECT_THAT(graftctl_->output(), HasSubstr("goes on without this watch"));
  Listen();
}

}  // namespace
}  // namespace graft::cli
