// Registers `http`: a server that speaks OpenAI's API, wherever it runs.
#include <fmt/core.h>

#include "backends/http/completer.h"
#include "core/plugins.h"

namespace assay {
namespace {

Availability availability() {
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  return {true, fmt::format("libcurl {}; needs url=", info->version)};
}

Result<void> supports(Numerics, TensorType) {
  return failure(
      ErrorKind::usage,
      "backend http has no logits and computes no weight: what a server does is measured, "
      "not promised",
      "use it with assay run; other commands need a native backend");
}

Result<std::unique_ptr<Endpoint>> create(const EndpointRequest& request) {
  net::require_curl();
  Result<http::Options> options = http::parse_options(request.options, request.concurrency);
  if (!options) return tl::unexpected(options.error());
  return std::make_unique<http::HttpEndpoint>(std::move(*options), request);
}

}  // namespace

BackendPlugin make_backend_http() {
  return {.name = "http",
          .summary = "any server with OpenAI's API: chat or raw completions, streamed",
          .options = http::option_docs(),
          .availability = availability,
          .supports = supports,
          .default_numerics = [](const auto&) { return Numerics::fast; },
          .create_endpoint = create};
}

}  // namespace assay
