// No password in anything that graft writes or says: everything an agent wrote and answered in an
// operation that failed for a wrong password and in one that went well is searched for each of the
// passwords that it was given, whichever way it was.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/files.h"
#include "integration/reprovision_suite.h"
#include "testing/http_client.h"
#include "testing/ports.h"

namespace graft {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kDbaPassword[] = "dba-5ecret";
constexpr char kWrongPassword[] = "wrong-5ecret";

const std::vector<std::string>& Passwords() {
  static const auto* all = new std::vector<std::string>{
      MiniShard::kReplPassword, MiniShard::kClonePassword, kDbaPassword, kWrongPassword};
  return *all;
}

// All that the agent answers on --port.
constexpr const char* kUrls[] = {
    "/metrics",    "/debug/status", "/debug/status.json", "/debug/status/fragment",
    "/debug/vars", "/debug/health", "/healthz",           "/readyz"};

// All written and printed texts, by the name of their program or file.
using Words = std::map<std::string, std::string>;

Words CommandWords(const MiniShard& shard, const std::string& alias) {
  Words words;
  for (const char* format : {"table", "json", "yaml"}) {
    for (std::vector<std::string> command : {std::vector<std::string>{"status", alias},
                                             {"history", alias},
                                             {"describe", alias},
                                             {"preflight", alias, "--from-primary"},
                                             {"tablets"},
                                             {"topo", "show"}}) {
      command.insert(command.end(), {"--output", format});
      const CommandResult result = shard.Graftctl(command);
      const std::string name = absl::StrJoin(command, " ");
      EXPECT_EQ(result.code, 0) << name << ": " << result.err;
      words[name] = result.out + result.err;
    }
  }
  const CommandResult records = shard.Run({"etcdctl", "get", "--prefix", "/"});
  EXPECT_EQ(records.code, 0) << records.err;
  words["the topology"] = records.out;
  return words;
}

Words UrlWords(int port) {
  Words words;
  for (const char* url : kUrls) {
    const HttpReply reply = AskHttp(port, url);
    EXPECT_EQ(reply.status, 200) << url << ": " << reply.body;
    words[url] = reply.body;
  }
  return words;
}

Words FileWords(const MiniTablet& tablet) {
  const std::string process = absl::StrCat("/proc/", tablet.agent->pid(), "/cmdline");
  std::vector<std::string> files = {tablet.agent_log, tablet.mysql->parent_log(), process};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tablet.state_dir)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  EXPECT_GE(files.size(), 5U) << "two operations are in the journal";
  Words words;
  for (const std::string& file : files) words[file] = ReadFile(file).value_or("");
  return words;
}

void ExpectNone(const Words& words) {
  for (const auto& [who, text] : words) {
    EXPECT_NE(text, "") << who;
    for (const std::string& password : Passwords()) {
      EXPECT_THAT(text, Not(HasSubstr(password))) << who;
    }
  }
}

TEST_F(ReprovisionTest, NoPasswordIsWrittenOrSaid) {
  ASSERT_THAT(primary().mysql->Sql(absl::StrCat("CREATE USER graft_dba@localhost IDENTIFIED BY '",
                                                kDbaPassword,
                                                "'; GRANT ALL ON *.* TO graft_dba@localhost WITH "
                                                "GRANT OPTION")),
              IsOk());
  ASSERT_THAT(AwaitCaughtUp(*recipient().mysql, *primary().mysql), IsOk());
  const std::string file = shard().folder() + "/credentials.json";
  const auto start = [&](const std::string& clone_password, const std::string& log_format,
                         int port) {
    if (recipient().agent != nullptr) EXPECT_THAT(shard().StopAgent(recipient()), IsOk());
    EXPECT_THAT(WriteFile(file, absl::StrCat("{\"vt_repl\": [\"", MiniShard::kReplPassword,
                                             "\"], \"vt_clone\": [\"", clone_password, "\"]}")),
                IsOk());
    return shard().StartAgent(
        recipient(),
        {"--db-credentials-file", file, "--db-repl-password-file", "", "--db-clone-password-file",
         "", "--db-dba-user", "graft_dba", "--db-dba-password", kDbaPassword, "--log-level",
         "debug", "--log-format", log_format, "--port", absl::StrCat(port)});
  };
  const int port = FreePort();
  const std::vector<std::string> rebuild = {"reprovision", recipient().alias, "--from-primary",
                                            "--watch"};
  ASSERT_THAT(start(kWrongPassword, "json", FreePort()), IsOk());
  const CommandResult refused = shard().Graftctl(rebuild);
  EXPECT_NE(refused.code, 0) << refused.out;
  ASSERT_THAT(start(MiniShard::kClonePassword, "text", port), IsOk());
  const CommandResult done = shard().Graftctl(rebuild);
  EXPECT_EQ(done.code, 0) << done.err;

  ExpectNone({{"refused", refused.out + refused.err}, {"done", done.out + done.err}});
  ExpectNone(FileWords(recipient()));
  ExpectNone(CommandWords(shard(), recipient().alias));
  ExpectNone(UrlWords(port));
  const std::string log = ReadFile(recipient().agent_log).value_or("");
  EXPECT_THAT(log, HasSubstr("--db-dba-password=set")) << "what was given is told, but not what";
  EXPECT_THAT(shard().StopAgent(recipient()), IsOk());  // the next test's has the usual flags
}

}  // namespace
}  // namespace graft
