// Html: text for a browser that cannot be told anything by the values it shows. Markup comes from
// literals in the program alone; every value goes through Text(), which escapes it.
#ifndef GRAFT_HTTP_HTML_H_
#define GRAFT_HTTP_HTML_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace graft::http {

// For element content and for attributes in double quotes. Control characters that no browser
// should see become the replacement character.
std::string Escaped(absl::string_view text);

class Html {
 public:
  // Markup: a literal.
  template <size_t N>
  Html& Raw(const char (&markup)[N]) {
    text_.append(markup, N - 1);
    return *this;
  }
  Html& Text(absl::string_view value) {
    text_ += Escaped(value);
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

}  // namespace graft::http

#endif  // GRAFT_HTTP_HTML_H_
