// JSON schemas of clients: any of them is compiled or refused, and what was compiled is walked
// through; no text that may end is anything but JSON.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/json_access.h"
#include "decode/grammar/json_schema.h"
#include "decode/grammar/matcher.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (json_is_deeper_than(text, kMaxJsonDepth)) return 0;
  const auto schema = nlohmann::ordered_json::parse(text, nullptr, false);
  if (schema.is_discarded()) return 0;
  grammar::Grammar grammar;
  const Result<grammar::Sequence> rules = grammar::json_schema_rules(grammar, schema);
  if (!rules) return 0;
  const grammar::Sequence start = *rules;
  Result<grammar::Grammar> whole = grammar::finished(std::move(grammar), start);
  if (!whole) return 0;
  grammar::Matcher matcher(std::move(*whole));
  grammar::Matcher::State state = matcher.start();
  std::string written;
  // The schema's own bytes decide the way.
  constexpr std::size_t kSteps = 64;
  for (std::size_t i = 0; i < kSteps && state != grammar::Matcher::kDead; ++i) {
    if (matcher.accepting(state)) {
      ASSAY_ASSERT(nlohmann::json::accept(written));
    }
    grammar::Matcher::State next = grammar::Matcher::kDead;
    const unsigned first = data[i % size];
    unsigned byte = first;
    for (unsigned tried = 0; tried < 256 && next == grammar::Matcher::kDead; ++tried) {
      byte = (first + tried) % 256;
      next = matcher.next(state, static_cast<std::uint8_t>(byte));
    }
    ASSAY_ASSERT(next != grammar::Matcher::kDead || matcher.accepting(state) ||
                 !matcher.exhausted().empty());
    written += static_cast<char>(byte);
    state = next;
  }
  return 0;
}
