// graftctl preflight on real servers: a healthy pair passes, and each cause is found by its own
// check, alone or among others, with nothing touched. preflight_operation_test.cc has what an
// operation makes of them.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "integration/preflight_suite.h"

namespace graft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(PreflightTest, HealthyPairPasses) {
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 0) << looked.text;
  EXPECT_GE(looked.report.results_size(), 40);
  EXPECT_THAT(looked.Findings(), ElementsAre()) << looked.text;
  EXPECT_EQ(looked.report.donor(), primary().alias);
  const Looked replicas = Look(recipient(), {"--from-tablet", replica().alias});
  EXPECT_EQ(replicas.code, 0) << replicas.text;
  EXPECT_THAT(replicas.Findings(), ElementsAre());
  const CommandResult table =
      shard().Graftctl({"preflight", recipient().alias, "--from-primary"});
  EXPECT_EQ(table.code, 0);
  EXPECT_THAT(table.out, HasSubstr("CLONE may be tried"));
  fprintf(stderr, "%s\n", table.out.c_str());
}

}  // namespace
}  // namespace graft
