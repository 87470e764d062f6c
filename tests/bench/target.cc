#include "bench/target.h"

#include "absl/strings/str_format.h"
#include "bench/json.h"

namespace graft {

std::string ToText(const std::vector<Target>& targets) {
  std::string text;
  for (const Target& target : targets) {
    absl::StrAppendFormat(&text, "- %s: %.3f, %s: %s %g\n", target.what, target.figure,
                          target.met() ? "met" : "MISSED",
                          target.kind == Target::Kind::kAtMost ? "at most" : "at least",
                          target.limit);
  }
  return text;
}

std::string ToJson(const std::vector<Target>& targets) {
  std::vector<std::string> elements;
  elements.reserve(targets.size());
  for (const Target& target : targets) {
    elements.push_back(
        JsonObject()
            .Text("what", target.what)
            .Text("kind", target.kind == Target::Kind::kAtMost ? "at most" : "at least")
            .Number("limit", target.limit)
            .Number("figure", target.figure)
            .Raw("met", target.met() ? "true" : "false")
            .ToString());
  }
  return JsonArray(elements);
}

}  // namespace graft
