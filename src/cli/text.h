// Small texts for people: sizes, bars, columns. Pure functions.
#ifndef GRAFT_CLI_TEXT_H_
#define GRAFT_CLI_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace graft::cli {

std::string HumanBytes(int64_t bytes);  // "512 B", "1.5 MiB"

// `width` cells, `fraction` of them (0 to 1) filled.
std::string Bar(double fraction, int width, bool utf8);

// Columns as wide as their widest cell, two blanks between them, none at a line's end.
std::vector<std::string> AlignColumns(const std::vector<std::vector<std::string>>& rows);

// The first `columns` columns of `text`, UTF-8 whole; every code point counts as one.
std::string CutToWidth(absl::string_view text, int columns);

// Code points in UTF-8 `text`.
int DisplayWidth(absl::string_view text);

// Does LC_ALL, LC_CTYPE or LANG (the first that is set) name UTF-8?
bool LocaleIsUtf8();

}  // namespace graft::cli

#endif  // GRAFT_CLI_TEXT_H_
