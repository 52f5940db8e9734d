// `assay serve`: a native backend behind an OpenAI-compatible API, from the first byte to the last.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/options.h"
#include "harness/progress.h"
#include "serve/http/http_server.h"
#include "serve/request.h"

namespace assay::serve {

struct ServeOptions {
  std::string model;
  std::string mirror;
  BackendSpec backend{"cpu", {}};
  Numerics numerics = Numerics::exact;
  int threads = 0;
  ProfileChoice chain_profile = ProfileChoice::automatic;
  std::optional<std::int64_t> context;  ///< none: the model's, but at most kDefaultContext
  std::int64_t batch = 8;               ///< completions computed at once
  std::size_t queue = 256;              ///< completions that may wait
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  std::string token_file;
  std::vector<std::string> allow_hosts;
  double request_seconds = 600;
  double grace_seconds = 10;  ///< for what runs when the server is asked to stop
  HttpLimits http;
  RequestLimits limits;
};

inline constexpr std::int64_t kDefaultContext = 4096;

/// Serves until the listener says it is cancelled. True: everything that ran by then was finished;
/// false: something was cut after the grace period. `listening` gets the address once requests are
/// taken. Throws Error for what keeps it from serving.
bool serve(const ServeOptions& options, const Listener& listener,
           const std::function<void(const std::string& url)>& listening);

}  // namespace assay::serve
