// The parts of the status page. Pure functions; together they are the fragment that a browser loads
// first and then again and again (page.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"
#include "graft/v1/operation.pb.h"
#include "http/status_facts.h"
#include "view/operation.h"

namespace graft::http {

// For element content and for attributes in double quotes. Control characters that no browser
// should see become the replacement character.
std::string Escaped(absl::string_view text);

// Html: text for a browser that cannot be told anything by the values it shows. Markup comes from
// literals in the program alone; every value is escaped.
class Html {
 public:
  // Markup: a literal, with $0, $1, … in the places of the values.
  template <size_t N, typename... Values>
  Html& Add(const char (&markup)[N], const Values&... values) {
    absl::SubstituteAndAppend(&text_, markup, Escaped(absl::AlphaNum(values).Piece())...);
    return *this;
  }
  Html& Add(const Html& other) {
    text_ += other.text_;
    return *this;
  }
  // Markup that the program carries as a file.
  Html& Asset(absl::string_view markup) {
    text_.append(markup.data(), markup.size());
    return *this;
  }

  const std::string& str() const& { return text_; }
  std::string str() && { return std::move(text_); }

 private:
  std::string text_;
};

// The facts, and the operations as the API shows them: src/view/ puts those into words.
struct PageFacts {
  explicit PageFacts(const StatusFacts& status);
  const StatusFacts& status;  // must outlive this
  std::vector<v1::Operation> operations;
  const v1::Operation* running = nullptr;  // one of `operations`
};

// Who this is, and whether it may be used.
void AddHead(const PageFacts& facts, Html& html);
void AddTablet(const StatusFacts& facts, Html& html);
void AddShard(const StatusFacts& facts, Html& html);
// The operation that runs, with its bars; if none does, how the last one ended.
void AddRunning(const PageFacts& facts, Html& html);
void AddPreflight(const PageFacts& facts, Html& html);
void AddHistory(const PageFacts& facts, Html& html);

// Parts of parts.

// Bars of the phases, the whole first.
void AddPhases(const v1::Operation& operation, absl::Time now, Html& html);

// A term and its value, in a list of them.
void AddFact(absl::string_view term, absl::string_view value, Html& html);
void AddChip(view::Tone tone, absl::string_view text, Html& html);
void AddDataChip(v1::DataState state, Html& html);

std::string ClockText(absl::Time time);                   // "13:45:53", UTC; a dash if it never was
std::string AgoOrNever(absl::Time time, absl::Time now);  // "3.2s ago", "never"
// "00000000…:1-5012, 3e11fa47…:1-7 and 2 more": who wrote how much, at a glance.
std::string ShortGtids(absl::string_view set);

}  // namespace graft::http
