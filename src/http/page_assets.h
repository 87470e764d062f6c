// The page's style and script: src/http/assets/, put into the program when it is built.
#ifndef GRAFT_HTTP_PAGE_ASSETS_H_
#define GRAFT_HTTP_PAGE_ASSETS_H_

#include "absl/strings/string_view.h"

namespace graft::http {

absl::string_view StatusCss();
absl::string_view StatusJs();
absl::string_view FaviconSvg();

}  // namespace graft::http

#endif  // GRAFT_HTTP_PAGE_ASSETS_H_
