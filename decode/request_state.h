// What LocalCompleter knows of a request, before and while its tokens are generated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/completer.h"
#include "core/session.h"
#include "decode/stop_rules.h"

namespace assay {

/// A request that was taken from the source and encoded, and waits for room.
struct Waiting {
  Request request;
  std::vector<TokenId> prompt;
  std::string error;  ///< why it cannot run
  double taken_at = 0;
};

/// A request whose tokens are being generated.
struct Running {
  Request request;
  Completion completion;
  StopRules rules;
  SequenceId sequence = 0;
  std::uint64_t draw_seed = 0;
  std::int64_t pages = 0;  ///< set aside: what it may come to need, or 0
  double first_token_at = 0;
};

}  // namespace assay
