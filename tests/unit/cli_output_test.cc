#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "cli/output.h"
#include "cli/screen.h"

namespace graft::cli {
namespace {

TEST(CliOutputTest, YamlQuotesWhatAReaderMayTakeForSomethingElse) {
  EXPECT_EQ(YamlOf(R"({"a":"text","b":"yes","c":"12","d":12,"e":true,"f":null,"g":"2026-11-20",
                       "h":"","i":" x","j":"a: b","k":[],"l":{},"m":"zone1-101","n":"~"})"),
            "a: text\nb: \"yes\"\nc: \"12\"\nd: 12\ne: true\nf: null\ng: \"2026-11-20\"\nh: \"\"\n"
            "i: \" x\"\nj: \"a: b\"\nk: []\nl: {}\nm: zone1-101\n\"n\": \"~\"\n");
}

TEST(CliOutputTest, YamlNumbersHaveAPointBeforeTheirExponent) {
  EXPECT_EQ(YamlOf("[1e20,1.5e-7,-3,0.1]"), "- 1.0e+20\n- 1.5e-07\n- -3\n- 0.1\n");
}

TEST(CliOutputTest, YamlNestsByTwoBlanks) {
  EXPECT_EQ(YamlOf(R"({"a":{"b":[{"c":1,"d":[[2],[]]}]},"e":"x y"})"),
            "a:\n  b:\n    - c: 1\n      d:\n        -\n          - 2\n        - []\ne: \"x y\"\n");
}

TEST(CliOutputTest, AnObjectIsALineOrADocument) {
  std::ostringstream out;
  WriteObject(OutputFormat::kJson, R"({"a":1})", out);
  WriteObject(OutputFormat::kYaml, R"({"a":1})", out);
  WriteObject(OutputFormat::kYaml, R"({"a":2})", out);
  EXPECT_EQ(out.str(), "{\"a\":1}\n---\na: 1\n---\na: 2\n");
}

}  // namespace
}  // namespace graft::cli
