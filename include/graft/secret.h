// Secret: a string that does not print itself. Reveal() is the one way to the text; call it only
// where a library wants the password.
#pragma once

#include <string>
#include <utility>

namespace graft {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  const std::string& Reveal() const { return text_; }

 private:
  std::string text_;
};

}  // namespace graft
