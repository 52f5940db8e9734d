#include "harness/fetch/http.h"

#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "core/net/curl.h"
#include "harness/fetch/http_attempt.h"

namespace assay::fetch {
namespace {

void pause(const Options& options) {
  std::this_thread::sleep_for(std::chrono::milliseconds(options.retry_pause_ms));
}

}  // namespace

SourceResult<HttpOutcome> http_download(const HttpSource& source, const RemoteFile& file,
                                        const std::filesystem::path& partial,
                                        const Options& options) {
  net::require_curl();
  for (int attempt = 1;; ++attempt) {
    HttpAttempt transfer(source, file, partial, options);
    SourceResult<HttpOutcome> outcome = transfer.run();
    if (outcome || !transfer.worth_another_try() || attempt >= options.attempts) return outcome;
    options.notice(fmt::format("{}; trying again (attempt {} of {})", outcome.error().error.what(),
                               attempt + 1, options.attempts));
    pause(options);
  }
}

}  // namespace assay::fetch
