#include "command_line/man_page.h"

#include <gmock/gmock.h>

#include <string>

#include "command_line/command_view.h"
#include "command_line/roff.h"
#include "command_line/version.h"
#include "unit/sample_app.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Roff, NothingInATextMeansAnythingToRoff) {
  EXPECT_EQ(RoffText(".SH a"), "\\&.SH a");
  EXPECT_EQ(RoffText("a\n'b"), "a\n\\(aqb");
  EXPECT_EQ(RoffText("C:\\fB"), "C:\\efB");
  EXPECT_EQ(RoffText("\\-"), "\\e\\-");
  EXPECT_EQ(RoffText("--from-any ^~`\"x\""), "\\-\\-from\\-any \\(ha\\(ti\\(ga\\(dqx\\(dq");
  EXPECT_EQ(RoffArgument("a \"b\""), "\"a \\(dqb\\(dq\"");
}

TEST(Roff, OptionsInProseAreBold) {
  EXPECT_EQ(RoffProse("see --from-any, or -- not"),
            "see \\fB\\-\\-from\\-any\\fR, or \\fB\\-\\-\\fR not");
}

TEST(CommandView, HasWhatTheDefinitionsSay) {
  const SampleApp sample;
  const CommandView view = LookAt(sample.app);
  ASSERT_EQ(view.commands.size(), 2U);
  const CommandView& copy = view.commands[0];
  EXPECT_EQ(copy.path, "copy");
  ASSERT_EQ(copy.options.size(), 7U);  // --help, ALIAS, and five more
  EXPECT_EQ(copy.options[1].place, "ALIAS");
  EXPECT_TRUE(copy.options[1].required);
  EXPECT_EQ(copy.options[2].value, "");
  EXPECT_THAT(copy.options[3].choices, ElementsAre("donor", "primary"));
  EXPECT_THAT(copy.options[3].excludes, ElementsAre("--any"));
  EXPECT_EQ(copy.options[4].limits, "1 to 128");
  EXPECT_EQ(copy.options[4].value, "N");
  EXPECT_EQ(copy.options[4].default_value, "4");
  EXPECT_TRUE(copy.options[5].repeatable);
  EXPECT_FALSE(copy.options[4].repeatable);
  EXPECT_THAT(copy.options[6].names, ElementsAre("--zip"));
  EXPECT_THAT(copy.options[6].off_names, ElementsAre("--no-zip"));
  EXPECT_EQ(view.commands[1].commands.at(0).path, "topo add-cell");
}

class ManPageTest : public ::testing::Test {
 protected:
  ManPageTest() {
    NameVariables(sample_.app);
    ManPageText text = SampleApp::Text();
    text.version = "1.2.3";
    text.date = "2026-11-21";
    page_ = ManPage(sample_.app, text);
  }

  SampleApp sample_;
  std::string page_;
};

TEST_F(ManPageTest, BeginsWithWhatWhatisReads) {
  EXPECT_THAT(page_, StartsWith(".TH \"SAMPLE\\-APP\" 8 2026-11-21 \"graft 1.2.3\" "
                                "\"graft manual\"\n"
                                ".SH NAME\nsample\\-app \\- shows what can be shown\n"
                                ".SH SYNOPSIS\n"
                                "\\fBsample\\-app\\fR [\\fIoption\\fR ...] \\fIcommand\\fR\n"));
}

TEST_F(ManPageTest, SectionsComeInTheUsualOrder) {
  size_t before = 0;
  for (const char* name : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "ENVIRONMENT",
                           "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"}) {
    const size_t at = page_.find(std::string(".SH ") + name + "\n");
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(at, before) << name;
    before = at;
  }
}

TEST_F(ManPageTest, OptionsWithAllThatIsKnownOfThem) {
  EXPECT_THAT(page_, HasSubstr(".TP\n\\fB\\-\\-wait\\fR \\fIduration\\fR\n"
                               "How long to wait. Default: 1m.\n"));
  EXPECT_THAT(page_, HasSubstr("\netcd2: its port. Default: 0.\n")) << "a name keeps its letters";
  EXPECT_THAT(page_, HasSubstr(".SS \"MySQL\"\n.TP\n\\fB\\-\\-db\\-password\\fR"));
  EXPECT_THAT(page_, HasSubstr("On unless turned off with \\fB\\-\\-tls\\fR=false."));
  EXPECT_THAT(page_, HasSubstr(".TP\n\\fB\\-\\-loud\\fR\nSay more.\n"));
  EXPECT_THAT(page_, HasSubstr("\\fB\\-\\-from\\fR \\fBdonor\\fR|\\fBprimary\\fR\n"
                               "Whom to copy. Not with \\fB\\-\\-any\\fR.\n"));
  EXPECT_THAT(page_, HasSubstr("How many. From 1 to 128. Default: 4."));
  EXPECT_THAT(page_, HasSubstr("May be given several times."));
  EXPECT_THAT(page_, HasSubstr("\\fB\\-\\-zip\\fR, \\fB\\-\\-no\\-zip\\fR\n"));
  EXPECT_THAT(page_, HasSubstr(".TP\n\\fIALIAS\\fR\nWhat to copy. Required.\n"));
  EXPECT_THAT(page_, Not(HasSubstr("hidden\\fR")));
}

TEST_F(ManPageTest, CommandsUnderTheirWholeName) {
  EXPECT_THAT(page_, HasSubstr(".SS \"copy\"\n\\fBsample\\-app copy\\fR [\\fIoption\\fR ...] "
                               "\\fIALIAS\\fR\n"));
  EXPECT_THAT(page_, HasSubstr(".SS \"topo add\\-cell\"\n"));
  EXPECT_THAT(page_, HasSubstr("One more. Also called new\\-cell.\n"));
  EXPECT_THAT(page_, AllOf(Not(HasSubstr(".SS \"topo\"")), Not(HasSubstr("secret\""))));
}

TEST_F(ManPageTest, TheRestOfTheSections) {
  EXPECT_THAT(page_, HasSubstr("\\fBGRAFT_WAIT\\fR (\\fB\\-\\-wait\\fR)"));
  EXPECT_THAT(page_, Not(HasSubstr("GRAFT_VERSION"))) << "which no environment may ask for";
  EXPECT_THAT(page_, HasSubstr(".TP\n\\fBSAMPLE_HOME\\fR\nits folder\n"));
  EXPECT_THAT(page_, HasSubstr(".TP\n\\fB/etc/sample\\fR\nread at start\n"));
  EXPECT_THAT(page_, HasSubstr(".TP\n\\fB0\\fR\nDone.\n.TP\n\\fB12\\fR\n"
                               "Refused: it\\(aqs in use.\n.SH EXAMPLES"));
  EXPECT_THAT(page_, HasSubstr(".nf\nsample\\-app copy \\e\n  \\(aqa b\\(aq\n\\&.hidden\n.fi\n"));
  EXPECT_THAT(page_, HasSubstr(".PP\n\\&.begins with a dot\n"));
  EXPECT_THAT(page_, HasSubstr("\\fBother\\fR(1),\n\\fBmore\\fR(8)\n"));
}

TEST(Documents, ArePrintedAsHelpIs) {
  for (const std::string flag : {"--man", "--version"}) {
    SampleApp sample;
    try {
      sample.Parse({flag});
      ADD_FAILURE() << flag << " did not end the parsing";
    } catch (const CLI::ParseError& end) {
      std::ostringstream out;
      std::ostringstream err;
      EXPECT_EQ(sample.app.exit(end, out, err), 0);
      EXPECT_THAT(out.str(), StartsWith(flag == "--man" ? ".TH \"SAMPLE\\-APP\"" : kVersion));
      EXPECT_EQ(err.str(), "");
    }
  }
  EXPECT_THAT(SampleApp().app.help(), AllOf(Not(HasSubstr("--man")), HasSubstr("--version")));
}

}  // namespace
}  // namespace graft
