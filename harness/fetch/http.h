// One file over HTTP into a partial file that a later call continues.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/error.h"
#include "core/net/url.h"
#include "harness/fetch/fetch.h"

namespace assay::fetch {

/// Why a source gave nothing. Unreachable ones (no name, no route, no answer, 5xx) justify another
/// source; a refusal or wrong bytes do not.
struct SourceError {
  Error error;
  bool unreachable = false;
};

template <class T>
using SourceResult = tl::expected<T, SourceError>;

struct HttpSource {
  std::string url;           ///< http or https
  std::string bearer_token;  ///< for the URL's own scheme, host and port only; empty: none
};

struct HttpOutcome {
  std::int64_t bytes = 0;     ///< of the partial file, now complete
  std::string linked_sha256;  ///< what the first host says of the file (x-linked-etag), if it does
};

/// Downloads `source` to `partial`, at most file.max_bytes and exactly file.bytes where known. A
/// partial file left by an earlier call is continued (Range, If-Range) if it came from the same URL
/// and the ETag noted beside it (`partial`.source) is still the file's; otherwise it starts anew.
/// Redirects: at most 10, never from HTTPS to HTTP; the token is dropped for good at the first
/// redirect that leaves the URL's origin. On failure the partial file stays, unless its bytes
/// cannot be right (too many, a web page).
SourceResult<HttpOutcome> http_download(const HttpSource& source, const RemoteFile& file,
                                        const std::filesystem::path& partial,
                                        const Options& options);

using net::display_url;
using net::redirect_allowed;
using net::same_origin;

}  // namespace assay::fetch
