// What is sent: the JSON of a request for one completion.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/http/options.h"
#include "core/endpoint.h"

namespace assay::http {

/// Everything that decides how a prompt is sent, fixed once the server is known.
struct Dialect {
  Api api = Api::chat;
  std::string model;
  std::string server;  ///< EndpointFacts::server
  bool stream = true;
  bool send_ids = false;      ///< raw prompts as token ids
  bool extra_fields = false;  ///< top_k and min_p are understood
  bool cache = false;
  bool thinking = false;  ///< stop strings are applied here alone: servers mind no thinking part
};

/// Fixes what the options leave open.
Dialect dialect_of(const Options& options, const EndpointFacts& facts, bool thinking);

struct Ask {
  const Prompt* prompt = nullptr;
  Sampling sampling;
  std::uint64_t seed = 0;  ///< of this request
  std::int64_t max_new_tokens = 1;
};

/// The body. A failure when the local template cannot render the prompt.
Result<std::string> completion_body(const Dialect& dialect, const Ask& ask,
                                    const LocalVocabulary& vocabulary);

/// Stop strings that the body holds.
bool sends_stop_strings(const Dialect& dialect, const Prompt& prompt);

/// What --dry-run and the journal tell of a request: the fields that are sent.
std::vector<std::string> field_names(const Dialect& dialect, const Sampling& sampling);

}  // namespace assay::http
