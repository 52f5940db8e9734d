// What an endpoint is asked before a run. Each returns an object of report.json's
// `endpoint.probes`: {verdict, why, warning, ...}: verdict in a word or two, why it was reached,
// warning (a sentence, or null) where a score of this run would not mean what it seems to.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "backends/http/completer.h"

namespace assay::http {

struct ProbeContext {
  HttpEndpoint& endpoint;
  const EndpointNeeds& needs;
  const std::function<bool()>& cancelled;
};

/// Whether the server's template writes the ids that ours writes.
nlohmann::json probe_template(const ProbeContext& context);
/// Whether a sequence as long as the run's fits: a code word at the beginning of a long prompt.
nlohmann::json probe_context(const ProbeContext& context);
/// Whether a seed fixes the draws.
nlohmann::json probe_seed(const ProbeContext& context);
/// Whether greedy texts come again: cold, warm, after another prompt, beside others.
nlohmann::json probe_repeatability(const ProbeContext& context);
/// Whether a stop string ends the text, and stays out of it.
nlohmann::json probe_stop(const ProbeContext& context);

/// {verdict, why, warning}; empty texts are null.
nlohmann::json finding(const std::string& verdict, const std::string& why,
                       const std::string& warning = {});
/// A prompt of one message, or its text where the API takes no messages.
Prompt question(const HttpEndpoint& endpoint, const std::string& text);

}  // namespace assay::http
