// What the scripts say; tests/integration/documents_test.cc has the shells read them.
#include "command_line/completion.h"

#include <gmock/gmock.h>

#include "command_line/completion_words.h"
#include "unit/sample_app.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Completion, WordsThatAreSharedByAllShells) {
  EXPECT_EQ(FunctionName("graft-mysqld"), "_graft_mysqld");
  EXPECT_EQ(FunctionName("graftctl", "topo add-cell"), "_graftctl_topo_add_cell");
  EXPECT_EQ(ShortText("Runs it. Then more."), "Runs it");
  EXPECT_EQ(ShortText("two\nlines."), "two lines");
}

TEST(Completion, WhatIsHiddenIsNotOffered) {
  const SampleApp sample;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = Completion(LookAt(sample.app), "sample-app", shell);
    EXPECT_THAT(script, AllOf(HasSubstr("copy"), HasSubstr("wait"), HasSubstr("no-zip")));
    EXPECT_THAT(script, AllOf(Not(HasSubstr("hidden")), Not(HasSubstr("secret '"))));
    EXPECT_THAT(script, Not(HasSubstr("completion SHELL")));
  }
  EXPECT_EQ(Completion(LookAt(sample.app), "sample-app", "tcsh"), "");
}

TEST(Completion, TextsAreQuotedAsEachShellWants) {
  const SampleApp sample;
  const CommandView view = LookAt(sample.app);
  EXPECT_THAT(ZshCompletion(view, "sample-app"),
              AllOf(HasSubstr("'copy:copy a \\[thing\\]\\: all of it'"),
                    HasSubstr("--port=[etcd2\\: its port]:PORT: "),
                    HasSubstr("'(--any --from)--from=[whom to copy]:donor|primary:"
                              "(donor primary)'"),
                    HasSubstr("'*--note=[for the log]"),
                    HasSubstr("--config-file=[file with options]:FILE:_files'")));
  EXPECT_THAT(FishCompletion(view, "sample-app"),
              AllOf(HasSubstr("-a copy -d 'copy a [thing]: all of it'"),
                    HasSubstr("-l config-file -r -F -d"),
                    HasSubstr("-l from -x -a 'donor primary' -d 'whom to copy'")));
}

}  // namespace
}  // namespace graft
