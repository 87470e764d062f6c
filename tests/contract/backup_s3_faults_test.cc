// The S3 storage when the network, the store or graft itself fails on the way.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>

#include "absl/strings/match.h"
#include "base/clocks.h"
#include "contract/s3_suite.h"
#include "testing/eventually.h"

namespace graft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class S3FaultsTest : public S3Suite {
 protected:
  // Of a file that takes three parts.
  static size_t SentParts(const std::string& number) {
    return server_->Requests("partNumber=" + number).size();
  }
};

TEST_F(S3FaultsTest, ALargeFileGoesInPartsAtTheSameTime) {
  server_->SetFaults("9 PUT partNumber delay 0.3");
  const std::string text = Text(3 * kPart + 7);
  ASSERT_THAT(Put("shop/0/one/0", text), IsOk());
  EXPECT_TRUE(*Get("shop/0/one/0") == text);
  EXPECT_EQ(storage_->ListFiles("shop/0/one")->at(0).bytes, text.size());
  EXPECT_EQ(server_->most_parts(), 2) << "two on the way, one is filled: 15 MiB";
  // Of just one part, and of just two.
  ASSERT_THAT(Put("shop/0/one/1", text.substr(0, kPart)), IsOk());
  ASSERT_THAT(Put("shop/0/one/2", text.substr(0, 2 * kPart)), IsOk());
  EXPECT_TRUE(*Get("shop/0/one/1") == text.substr(0, kPart));
  EXPECT_TRUE(*Get("shop/0/one/2") == text.substr(0, 2 * kPart));
  EXPECT_THAT(server_->Requests("PUT /backups/" + options_.root + "/shop/0/one/1 "), SizeIs(1));
}

TEST_F(S3FaultsTest, APartThatFailsIsSentAgainAlone) {
  const std::string text = Text(2 * kPart + 7);
  int file = 0;
  for (const char* fault :
       {"status 503 SlowDown", "status 429 TooManyRequests", "status 500 InternalError",
        "cut-request 1000000", "lose-answer", "flip", "cut-answer 0"}) {
    SCOPED_TRACE(fault);
    server_->SetFaults(absl::StrCat("2 PUT partNumber=2 ", fault));
    const std::string path = absl::StrCat("shop/0/one/", ++file);
    ASSERT_THAT(Put(path, text), IsOk());
    EXPECT_TRUE(*Get(path) == text);
    EXPECT_EQ(SentParts("1"), 1);
    EXPECT_EQ(SentParts("2"), absl::StrContains(fault, "cut-answer") ? 1 : 3);
    EXPECT_EQ(SentParts("3"), 1);
  }
}

TEST_F(S3FaultsTest, APartThatStandsStillIsSentAgain) {
  options_.stall_timeout = absl::Seconds(1);
  storage_ = Open(options_);
  server_->SetFaults("1 PUT partNumber=1 hang");
  const std::string text = Text(kPart + 7);
  ASSERT_THAT(Put("shop/0/one/1", text), IsOk());
  EXPECT_TRUE(*Get("shop/0/one/1") == text);
  EXPECT_EQ(SentParts("1"), 2);
}

TEST_F(S3FaultsTest, AReadThatIsCutGoesOnWhereItStopped) {
  const std::string text = Text(3000000);
  ASSERT_THAT(Put("shop/0/one/1", text), IsOk());
  // More often than a request is tried again: each attempt gets further.
  server_->SetFaults("12 GET one/1 cut-answer 200000");
  options_.retries = 2;
  storage_ = Open(options_);
  EXPECT_TRUE(*Get("shop/0/one/1") == text);
  const auto requests = server_->Requests("Range=bytes=200000- If-Match=\"");
  EXPECT_THAT(requests, SizeIs(1));
  EXPECT_THAT(server_->Requests("Range="), SizeIs(12));
}

TEST_F(S3FaultsTest, AReadDoesNotMixTwoObjects) {
  ASSERT_THAT(Put("shop/0/one/1", Text(3000000)), IsOk());
  server_->SetFaults("1 GET one/1 cut-answer 200000\n1 GET one/1 status 412 PreconditionFailed");
  const auto read = Get("shop/0/one/1");
  EXPECT_TRUE(absl::IsAborted(read.status()));
  EXPECT_THAT(read.status().message(), HasSubstr("was replaced while it was read"));
}

TEST_F(S3FaultsTest, ALostAnswerIsNoFailure) {
  server_->SetFaults(
      "1 PUT one/1$ lose-answer\n1 POST uploads= lose-answer\n1 POST uploadId= lose-answer\n"
      "1 DELETE . lose-answer\n1 POST delete= lose-answer");
  EXPECT_THAT(Put("shop/0/one/1", "small"), IsOk());
  EXPECT_THAT(Put("shop/0/one/2", Text(kPart + 7)), IsOk());
  EXPECT_EQ(*Get("shop/0/one/1"), "small");
  EXPECT_THAT(storage_->RemoveFile("shop/0/one/1"), IsOk());
  EXPECT_THAT(storage_->RemoveFolder("shop/0/one"), IsOk());
  EXPECT_THAT(*storage_->ListFolders("shop/0"), IsEmpty()) << "nor is an upload left";
}

// The answer is lost, and somebody else's object is there.
TEST_F(S3FaultsTest, ALostRequestDoesNotTakeAnothersObjectForItsOwn) {
  auto mine = storage_->Create("shop/0/one/1");
  ASSERT_THAT(mine, IsOk());
  ASSERT_THAT((*mine)->Append("same size"), IsOk());
  ASSERT_THAT(Put("shop/0/one/1", "size same"), IsOk());
  server_->SetFaults("1 PUT one/1$ cut-request 3");
  EXPECT_TRUE(absl::IsAlreadyExists((*mine)->Finish()));
  EXPECT_EQ(*Get("shop/0/one/1"), "size same");
}

TEST_F(S3FaultsTest, AStoreWithoutConditionsIsAskedFirst) {
  auto sink = storage_->Create("shop/0/one/1");
  ASSERT_THAT((*sink)->Append("mine"), IsOk());
  server_->SetFaults("1 PUT one/1$ status 501 NotImplemented");
  EXPECT_THAT((*sink)->Finish(), IsOk());
  EXPECT_THAT(server_->Requests("PUT"), ElementsAre(HasSubstr("If-None-Match=* -> 501"),
                                                    testing::Not(HasSubstr("If-None-Match"))));
}

TEST_F(S3FaultsTest, GivesUpAfterSoManyAttempts) {
  options_.retries = 2;
  storage_ = Open(options_);
  server_->SetFaults("99 PUT partNumber=2 status 503 SlowDown");
  const absl::Status put = Put("shop/0/one/1", Text(2 * kPart + 7));
  EXPECT_TRUE(absl::IsUnavailable(put));
  EXPECT_THAT(put.message(), HasSubstr("given up after 3 attempts: s3://backups/"));
  EXPECT_EQ(SentParts("2"), 3);
  EXPECT_THAT(*storage_->ListFolders("shop/0"), IsEmpty()) << "its parts are removed";
}

// As a graft-backup that is killed while it writes.
TEST_F(S3FaultsTest, WhatAKilledWriterHasBegunIsRemovedWithItsFolder) {
  ASSERT_THAT(Put("shop/0/one/1", "whole"), IsOk());
  const pid_t child = fork();
  if (child == 0) {
    const auto one = storage_->Create("shop/0/one/2");
    const auto two = storage_->Create("shop/0/two/1");
    const std::string text = Text(2 * kPart + 7);
    const bool begun = (*one)->Append(text).ok() && (*two)->Append(text).ok();
    kill(begun ? getpid() : getppid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_THAT(*storage_->ListFolders("shop/0"), ElementsAre("one", "two"));
  EXPECT_THAT(*storage_->ListFiles("shop/0/one"), SizeIs(1));
  EXPECT_THAT(*storage_->ListFiles("shop/0/two"), IsEmpty());
  ASSERT_THAT(storage_->RemoveFolder("shop/0/two"), IsOk());
  EXPECT_THAT(*storage_->ListFolders("shop/0"), ElementsAre("one"));
  ASSERT_THAT(storage_->RemoveFolder("shop/0/one"), IsOk());
  EXPECT_THAT(*storage_->ListFolders("shop/0"), IsEmpty());
}

TEST_F(S3FaultsTest, WhoMayNotSeeUploadsMayStillRead) {
  ASSERT_THAT(Put("shop/0/one/1", "whole"), IsOk());
  server_->SetFaults("2 GET uploads= status 403 AccessDenied");
  EXPECT_THAT(*storage_->ListFolders("shop/0"), ElementsAre("one"));
  EXPECT_TRUE(absl::IsPermissionDenied(storage_->RemoveFolder("shop/0/one")));
}

TEST_F(S3FaultsTest, EndsSoonWhenItIsInterrupted) {
  ASSERT_THAT(Put("shop/0/one/1", "whole"), IsOk());
  server_->SetFaults("9 PUT . hang\n9 GET one/1$ hang\n99 GET one/2$ status 503 SlowDown");
  std::atomic<bool> interrupted = false;
  storage_->InterruptBy([&interrupted] { return interrupted.load(); });
  const auto clock = MakeRealClock();
  for (const char* what : {"read", "pause", "write"}) {
    SCOPED_TRACE(what);
    interrupted = false;
    auto work = std::async(std::launch::async, [&] {
      if (what[0] == 'r') return Get("shop/0/one/1").status();
      if (what[0] == 'p') return Get("shop/0/one/2").status();
      return Put("shop/0/one/3", Text(kPart + 7));
    });
    EXPECT_TRUE(Eventually(absl::Seconds(10), [&] {
      return !server_->Requests(what[0] == 'p' ? "one/2 -> 503" : "> hang").empty();
    }));
    const absl::Time begin = clock->Now();
    interrupted = true;
    EXPECT_TRUE(absl::IsCancelled(work.get()));
    EXPECT_LT(clock->Now() - begin, absl::Seconds(1));
    server_->SetFaults("9 PUT . hang\n99 GET one/2$ status 503 SlowDown");
  }
  EXPECT_THAT(storage_->RemoveFolder("shop/0/one"), IsOk()) << "that is still done";
  interrupted = false;
  EXPECT_THAT(*storage_->ListFolders("shop/0"), IsEmpty());
}

TEST_F(S3FaultsTest, NewCredentialsReplaceThoseThatHaveExpired) {
  server_->UseCredentials("instance");
  server_->ExpireNext(1);
  storage_ = Open(options_);
  EXPECT_THAT(Put("shop/0/one/1", Text(2 * kPart + 7)), IsOk());
  EXPECT_THAT(server_->Requests("latest/api/token"), SizeIs(2));
  server_->ExpireNext(9);
  storage_ = Open(options_);
  const absl::Status listed = storage_->ListFolders("shop/0").status();
  server_->ExpireNext(0);
  EXPECT_TRUE(absl::IsUnauthenticated(listed));
  EXPECT_THAT(listed.message(), HasSubstr("credentials of the instance's role graft have expired"));
}

TEST_F(S3FaultsTest, MoreThanOnePageOfEverything) {
  options_.bucket = "many";
  options_.root = "";
  storage_ = Open(options_);
  EXPECT_THAT(*storage_->ListFiles("shop/0/many"), SizeIs(1005));
  EXPECT_THAT(*storage_->ListFolders("shop"), SizeIs(1005));
  ASSERT_THAT(storage_->RemoveFolder("shop/0/many"), IsOk());
  EXPECT_THAT(*storage_->ListFiles("shop/0/many"), IsEmpty());
  EXPECT_THAT(*storage_->ListFolders("shop"), SizeIs(1005)) << "shop/0/one is left";
}

TEST_F(S3FaultsTest, EncryptionIsAskedForWithEachObject) {
  options_.server_side_encryption = "AES256";
  storage_ = Open(options_);
  ASSERT_THAT(Put("shop/0/one/1", "small"), IsOk());
  ASSERT_THAT(Put("shop/0/one/2", Text(kPart + 7)), IsOk());
  EXPECT_THAT(server_->Requests("x-amz-server-side-encryption=AES256"), SizeIs(2));
  EXPECT_EQ(*Get("shop/0/one/1"), "small");
}

}  // namespace
}  // namespace graft
