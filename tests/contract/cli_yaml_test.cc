// YAML as another reader finds it: what graftctl prints with --output yaml is, for PyYAML, the same
// value as what it prints with --output json is for Python's json.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "absl/time/time.h"
#include "base/files.h"
#include "cli/output.h"
#include "testing/is_ok.h"
#include "testing/process.h"
#include "testing/temp_folder.h"
#include "unit/full_operation.h"
#include "wire/operation_proto.h"

namespace graft::cli {
namespace {

constexpr char kCompare[] = R"(
import json, sys, yaml
with open(sys.argv[1]) as file:
    expected = [json.loads(line) for line in file]
with open(sys.argv[2]) as file:
    found = list(yaml.safe_load_all(file))
for number, (one, other) in enumerate(zip(expected, found)):
    if one != other:
        sys.exit(f"object {number}: {one!r} became {other!r}")
if len(expected) != len(found):
    sys.exit(f"{len(expected)} objects became {len(found)}")
print(len(found), "alike")
)";

// Texts that YAML's readers are known to take for something else, or to stumble over.
constexpr char kTraps[] =
    R"({"texts":["","y","N","yes","No","on","OFF","true","False","null","NULL","~","12","-1","1.5",)"
    R"("1e3","0x1F","0o7","017","1_000","1:20","12:30:45","2026-11-20","2026-11-20T13:00:00Z",".inf",)"
    R"("-.INF",".nan","<<","=","- a","? a",": a","a: b","a #b","#a","&a","*a","!a","|","> ","%a","@a",)"
    R"("`a`","'a'","\"a\"","{a}","[a]","a,b"," a","a ","a\nb","a\n\nb\n","a\tb","\\","a\\nb","---",)"
    R"("...","--- a","\u0000\u0001\u001b\u007f","\u0085\u2028\u2029\ufeff","\ud83d\ude00","日本語","é"],)"
    R"("numbers":[0,-1,1.5,1e20,1e-7,-2.5e+30,123456789012345678,0.1],"others":[true,false,null],)"
    R"("yes":{"no":{}},"12":[],"":[[],[{}],[[1]]],"a b":"x","null":1})";

TEST(CliYamlTest, AnotherReaderFindsTheSameValues) {
  const TempFolder folder("yaml");
  std::ostringstream json;
  std::ostringstream yaml;
  for (const std::string& object : {std::string(kTraps), ToJsonLine(ToProto(FullOperation())),
                                    ToJsonLine(v1::Operation()), std::string("{}")}) {
    WriteObject(OutputFormat::kJson, object, json);
    WriteObject(OutputFormat::kYaml, object, yaml);
  }
  ASSERT_THAT(WriteFile(folder.path() + "/json", json.str()), IsOk());
  ASSERT_THAT(WriteFile(folder.path() + "/yaml", yaml.str()), IsOk());
  const auto compared =
      RunAndRead({"python3", "-c", kCompare, folder.path() + "/json", folder.path() + "/yaml"}, {},
                 absl::Seconds(20));
  ASSERT_THAT(compared, IsOk()) << yaml.str();
  EXPECT_EQ(*compared, "4 alike\n");
}

}  // namespace
}  // namespace graft::cli
