// What --backend http:... says, checked.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "backends/http/secrets.h"
#include "core/error.h"
#include "core/net/url.h"
#include "core/plugins.h"

namespace assay::http {

enum class Api { chat, completions };
enum class PromptForm { automatic, ids, text };
enum class Fields { automatic, all, openai };
enum class ProbeMode { full, quick, off };

struct Options {
  net::Url url;       ///< of the API's root: ".../v1"
  std::string model;  ///< empty: the only one that the server has
  Api api = Api::chat;
  std::int64_t concurrency = 1;
  std::string key;  ///< empty: none
  std::string ca;   ///< a bundle instead of the system's
  bool stream = true;
  PromptForm prompt = PromptForm::automatic;
  Fields fields = Fields::automatic;
  bool cache = false;  ///< the server may reuse earlier prompts, where it can be told not to
  ProbeMode probe = ProbeMode::full;
  std::int64_t retries = 4;  ///< further attempts after the first
  double retry_pause_s = 0.5;
  double connect_timeout_s = 10;
  double first_token_timeout_s = 600;
  double idle_timeout_s = 120;
  double total_timeout_s = 7200;
  Secrets secrets;
  std::map<std::string, std::string> shown;  ///< the options as given, nothing secret in them
};

/// The URL below the API's root: ("models") -> ".../v1/models".
std::string api_url(const Options& options, const std::string& name);
/// Beside the API's root, where servers have more to say: ("/props") -> "http://host/props".
std::string root_url(const Options& options, const std::string& path);

const std::vector<BackendOptionDoc>& option_docs();

/// Error{usage} for what is no option or value; Error{environment} for a key that cannot be read.
/// No message holds a secret.
Result<Options> parse_options(const std::map<std::string, std::string>& given,
                              std::int64_t default_concurrency);

}  // namespace assay::http
