// LocalServerHost on a data directory and a /proc of its own, and FakeServerHost's word.

#include "host/local_server_host.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "fakes/fake_server_host.h"
#include "testing/is_ok.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// The kernel's way of writing lists: "a|b|" with NUL for each bar.
std::string Joined(std::string words) {
  std::replace(words.begin(), words.end(), '|', '\0');
  return words;
}

// Somebody without root's rights, for as long as it lives, if a test runs as root.
class NobodyElse {
 public:
  NobodyElse() : before_(geteuid()) {
    if (before_ == 0) EXPECT_EQ(seteuid(65534), 0);
  }
  ~NobodyElse() { EXPECT_EQ(seteuid(before_), 0); }
  NobodyElse(const NobodyElse&) = delete;
  NobodyElse& operator=(const NobodyElse&) = delete;

 private:
  const uid_t before_;
};

class ServerHostTest : public ::testing::Test {
 protected:
  ServerHostTest() {
    for (const char* folder :
         {"data", "data/shop", "data/#clone", "data/#innodb_redo", "proc", "proc/4711", "plugin"}) {
      EXPECT_THAT(MakeDirectory(Path(folder)), IsOk());
    }
    Write("data/ibdata1", "x");
    Write("data/shop/t.ibd", "x");
    Write("data/#clone/#view_status", "x");
    Write("plugin/mysql_clone.so", "");
    Write("data/m.pid", "4711\n");
    Mysqld("(mysqld)", 321, Joined("A=1|MYSQLD_PARENT_PID=321|B=2|"));
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }

  void Write(const std::string& name, const std::string& text) const {
    ASSERT_THAT(WriteFile(Path(name), text), IsOk());
  }

  void Mysqld(const std::string& comm, int parent, const std::string& environment,
              const std::string& command = "/usr/sbin/mysqld") const {
    Write("proc/4711/stat", "4711 " + comm + " S " + std::to_string(parent) + " 1 1 0");
    Write("proc/4711/environ", environment);
    Write("proc/4711/cmdline", command);
  }

  absl::StatusOr<HostFacts> Look() const {
    return host_->Look(Path("data/"), Path("data/m.pid"), Path("plugin/"));
  }

  std::optional<bool> Supervised() const {
    const auto facts = Look();
    EXPECT_THAT(facts, IsOk());
    return facts.ok() ? facts->supervised : std::nullopt;
  }

  std::string Activity() const {
    const auto activity = host_->Activity(Path("data/"), Path("error.log"));
    EXPECT_THAT(activity, IsOk());
    return activity.value_or("");
  }

  TempFolder folder_{"host"};
  const std::unique_ptr<ServerHost> host_ = MakeLocalServerHost(Path("proc"));
};

TEST_F(ServerHostTest, LooksAtAHealthyServer) {
  const auto facts = Look();
  ASSERT_THAT(facts, IsOk());
  EXPECT_GT(facts->free_bytes, 0);
  EXPECT_THAT(facts->clone_leftovers, IsEmpty());
  EXPECT_EQ(facts->supervised, true);
  ASSERT_TRUE(facts->plugin_libraries.has_value());
  EXPECT_THAT(*facts->plugin_libraries, ElementsAre("mysql_clone.so"));
}

TEST_F(ServerHostTest, FindsWhatAnEarlierCloneLeft) {
  Write("data/ibdata1.#clone", "");
  Write("data/shop/t.ibd.#clone", "");
  Write("data/shop/t.ibd.#clone_save", "");  // the server's own undoing, not in CLONE's way
  ASSERT_THAT(MakeDirectory(Path("data/#innodb_redo.#clone")), IsOk());
  const auto facts = Look();
  ASSERT_THAT(facts, IsOk());
  EXPECT_THAT(facts->clone_leftovers,
              UnorderedElementsAre("ibdata1.#clone", "shop/t.ibd.#clone", "#innodb_redo.#clone"));
}

TEST_F(ServerHostTest, FilesAreCountedInTheFoldersToo) {
  const auto before = host_->CountFiles(Path("data/"));
  ASSERT_THAT(before, IsOk());
  Write("data/ibdata9", "");
  Write("data/shop/u.ibd", "");
  EXPECT_EQ(*host_->CountFiles(Path("data/")), *before + 2);
  EXPECT_THAT(host_->CountFiles(Path("nowhere")).status(), testing::Not(IsOk()));
}

TEST_F(ServerHostTest, DatabasesThatAreLinksAreCounted) {
  ASSERT_THAT(MakeDirectory(Path("elsewhere")), IsOk());
  Write("elsewhere/a.ibd", "");
  Write("elsewhere/b.ibd", "");
  Write("elsewhere/notes.txt", "");
  ASSERT_EQ(symlink("../elsewhere", Path("data/far").c_str()), 0);
  ASSERT_EQ(symlink("../elsewhere/notes.txt", Path("data/notes").c_str()), 0);
  ASSERT_EQ(symlink("../nowhere", Path("data/gone").c_str()), 0);
  const auto facts = Look();
  ASSERT_THAT(facts, IsOk());
  EXPECT_THAT(facts->linked_databases, ElementsAre(std::make_pair("far", 2)));
}

TEST_F(ServerHostTest, SaysWhereSomethingLies) {
  ASSERT_EQ(symlink("../nowhere", Path("data/gone").c_str()), 0);
  const auto existing =
      host_->Existing({Path("data/ibdata1"), Path("data/none"), Path("data/ibdata1/x"),
                       Path("data/shop"), Path("data/gone")});
  ASSERT_THAT(existing, IsOk());
  EXPECT_THAT(*existing, ElementsAre(Path("data/ibdata1"), Path("data/shop"), Path("data/gone")));
  ASSERT_EQ(chmod(Path("data/shop").c_str(), 0), 0);
  const NobodyElse nobody;
  EXPECT_TRUE(absl::IsPermissionDenied(host_->Existing({Path("data/shop/t.ibd")}).status()));
}

TEST_F(ServerHostTest, SupervisedIsWhoseParentSaysSo) {
  const struct {
    const char* comm;
    int parent;
    std::string environment;
    std::optional<bool> supervised;
  } rows[] = {
      {"(mysqld)", 1, Joined("MYSQLD_PARENT_PID=1|"), true},
      {"(mysqld) S 9 (x)", 1, Joined("MYSQLD_PARENT_PID=1|"), true},
      {"(mysqld-debug)", 12, "MYSQLD_PARENT_PID=12", true},
      // Inherited from somebody who is not the parent any more.
      {"(mysqld)", 12, "MYSQLD_PARENT_PID=1", false},
      {"(mysqld)", 1, "MYSQLD_PARENT_PID=12", false},
      {"(mysqld)", 1, "XMYSQLD_PARENT_PID=1", false},
      {"(mysqld)", 1, "A=1", false},
      // Nothing can be seen of it.
      {"(mysqld)", 1, "", std::nullopt},
      {"(mysqld", 1, "MYSQLD_PARENT_PID=1", std::nullopt},
  };
  for (const auto& [comm, parent, environment, supervised] : rows) {
    Mysqld(comm, parent, environment);
    EXPECT_EQ(Supervised(), supervised) << comm << " " << parent << " " << environment;
  }
}

TEST_F(ServerHostTest, SupervisedIsUnknownWithoutAProcess) {
  Write("data/m.pid", "4712\n");
  EXPECT_EQ(Supervised(), std::nullopt);
  Write("data/m.pid", "soon");
  EXPECT_EQ(Supervised(), std::nullopt);
  ASSERT_THAT(RemoveFile(Path("data/m.pid")), IsOk());
  EXPECT_EQ(Supervised(), std::nullopt);
}

TEST_F(ServerHostTest, OnlyAMysqldIsLookedAt) {
  const struct {
    std::string command;
    std::optional<bool> supervised;
  } rows[] = {
      {"mysqld", true},
      {Joined("/opt/mysqld-debug|--x|"), true},
      {Joined("/lib/ld-linux.so.2|--library-path|/x|/x/sbin/mysqld|"), true},
      // The pid is another process's.
      {Joined("/usr/sbin/nginx|-c|/etc/not-mysqld|"), std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [command, supervised] : rows) {
    Mysqld("(x)", 1, "MYSQLD_PARENT_PID=1", command);
    EXPECT_EQ(Supervised(), supervised) << command;
  }
}

TEST_F(ServerHostTest, SupervisedIsUnknownIfHalfOfTheProcessIsHidden) {
  for (const char* hidden : {"proc/4711/environ", "proc/4711/stat", "proc/4711/cmdline"}) {
    Mysqld("(mysqld)", 1, "MYSQLD_PARENT_PID=1");
    ASSERT_EQ(Supervised(), true);
    ASSERT_THAT(RemoveFile(Path(hidden)), IsOk());
    EXPECT_EQ(Supervised(), std::nullopt) << hidden;
  }
}

TEST_F(ServerHostTest, ARelativePidFileIsBelowTheDataDirectory) {
  const auto facts = host_->Look(Path("data/"), "m.pid", Path("plugin/"));
  ASSERT_THAT(facts, IsOk());
  EXPECT_EQ(facts->supervised, true);
}

TEST_F(ServerHostTest, PluginsThatCannotBeSeenAreUnknown) {
  const auto facts = host_->Look(Path("data/"), Path("data/m.pid"), Path("none"));
  ASSERT_THAT(facts, IsOk());
  EXPECT_EQ(facts->plugin_libraries, std::nullopt);
}

TEST_F(ServerHostTest, ADataDirectoryThatIsNotHere) {
  for (const std::string& path : {Path("none"), Path("data/ibdata1"), std::string()}) {
    const absl::Status looked = host_->Look(path, "", "").status();
    EXPECT_EQ(looked.code(), absl::StatusCode::kFailedPrecondition) << looked;
    EXPECT_THAT(std::string(looked.message()), HasSubstr(path));
    EXPECT_EQ(host_->Activity(path, "").status().code(), absl::StatusCode::kFailedPrecondition);
  }
}

TEST_F(ServerHostTest, ADataDirectoryThatMayNotBeRead) {
  for (const char* folder : {"", "data"}) ASSERT_EQ(chmod(Path(folder).c_str(), 0755), 0);
  ASSERT_EQ(chmod(Path("data/shop").c_str(), 0), 0);
  {
    const NobodyElse nobody;
    const auto facts = Look();
    ASSERT_THAT(facts, IsOk()) << "one folder hides no other";
    EXPECT_THAT(facts->not_looked_into, testing::Contains("shop"));
    EXPECT_THAT(host_->Activity(Path("data"), ""), IsOk());
  }
  for (const char* folder : {"data", ""}) {
    ASSERT_EQ(chmod(Path(folder).c_str(), 0), 0);
    const NobodyElse nobody;
    EXPECT_EQ(Look().status().code(), absl::StatusCode::kPermissionDenied) << folder;
    EXPECT_EQ(host_->Activity(Path("data"), "").status().code(),
              absl::StatusCode::kPermissionDenied)
        << folder;
  }
  for (const char* folder : {"", "data", "data/shop"}) {
    ASSERT_EQ(chmod(Path(folder).c_str(), 0700), 0);
  }
}

TEST_F(ServerHostTest, ActivityIsTheSameWhileNothingHappens) {
  Write("error.log", "ready");
  EXPECT_EQ(Activity(), Activity());
}

TEST_F(ServerHostTest, EachSignOfLifeChangesActivity) {
  Write("error.log", "starting");
  std::string before = Activity();
  const char* const files[] = {"error.log", "data/ibdata1", "data/shop/t.ibd",
                               "data/#innodb_redo/#ib_redo7"};
  for (const char* file : files) {
    Write(file, "something longer than before");
    const std::string after = Activity();
    EXPECT_NE(after, before) << file;
    before = after;
  }
  // The same bytes again, at another time.
  const timespec times[2] = {{2'000'000'000, 0}, {2'000'000'000, 1}};
  ASSERT_EQ(utimensat(AT_FDCWD, Path("data/shop/t.ibd").c_str(), times, 0), 0);
  EXPECT_NE(Activity(), before);
}

TEST_F(ServerHostTest, ActivityDoesWithoutAnErrorLog) {
  const auto activity = host_->Activity(Path("data/"), "stderr");
  ASSERT_THAT(activity, IsOk());
  EXPECT_NE(*activity, "");
}

TEST(FakeServerHostTest, SaysWhatItIsTold) {
  FakeServerHost host;
  ASSERT_THAT(host.Look("/d", "", ""), IsOk());
  EXPECT_EQ(host.Look("/d", "", "")->supervised, true);
  host.Edit([](HostFacts& facts) { facts.free_bytes = 7; });
  EXPECT_EQ(host.Look("/d", "", "")->free_bytes, 7);
  EXPECT_EQ(*host.Activity("/d", ""), *host.Activity("/d", ""));
  const std::string before = *host.Activity("/d", "");
  host.Stir();
  EXPECT_NE(*host.Activity("/d", ""), before);
  host.SetBusy(true);
  EXPECT_NE(*host.Activity("/d", ""), *host.Activity("/d", ""));
  host.Fail(absl::PermissionDeniedError("no"));
  EXPECT_EQ(host.Look("/d", "", "").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(host.Activity("/d", "").status().code(), absl::StatusCode::kPermissionDenied);
  host.Fail(absl::OkStatus());
  EXPECT_EQ(host.Look("/d", "", "")->free_bytes, 7);
}

}  // namespace
}  // namespace graft
