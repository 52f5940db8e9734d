#include "evals/chain/chain.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace assay::chain {
namespace {

constexpr std::string_view open_tag = "<think>";
constexpr std::string_view close_tag = "</think>";

std::size_t count_of(std::string_view text, std::string_view tag) {
  std::size_t n = 0;
  for (std::size_t at = text.find(tag); at != std::string_view::npos;
       at = text.find(tag, at + tag.size())) {
    ++n;
  }
  return n;
}

std::size_t count_of(std::span<const TokenId> tokens, TokenId id) {
  return static_cast<std::size_t>(std::count(tokens.begin(), tokens.end(), id));
}

std::optional<ByteSpan> last_close_tag(std::string_view text) {
  const std::size_t at = text.rfind(close_tag);
  if (at == std::string_view::npos) return std::nullopt;
  return ByteSpan{at, at + close_tag.size()};
}

Component think_closed(const ChainInput& input) {
  Component out;
  if (!input.thinking) {
    out.why = "not applicable: plain profile";
    return out;
  }
  out.evidence = last_close_tag(input.text);
  std::size_t opened = 0;
  std::size_t closed = 0;
  const bool by_ids = !input.tokens.empty() && input.think_open && input.think_close;
  if (by_ids) {
    opened = count_of(input.prompt_tokens, *input.think_open) +
             count_of(input.tokens, *input.think_open);
    closed = count_of(input.tokens, *input.think_close);
  } else {
    // The prompt's text is not here; templates often end with the opening tag.
    opened = std::max<std::size_t>(1, count_of(input.text, open_tag));
    closed = count_of(input.text, close_tag);
  }
  out.ok = opened == 1 && closed == 1;
  if (!*out.ok) out.why = fmt::format("opened {} times, closed {} times", opened, closed);
  return out;
}

Component not_truncated(const ChainInput& input) {
  Component out;
  if (!input.stop) {
    out.why = "the reason for the end was not recorded";
    return out;
  }
  out.ok = *input.stop == StopReason::eos || *input.stop == StopReason::stop_string;
  if (!*out.ok) out.why = fmt::format("ended by: {}", stop_reason_name(*input.stop));
  return out;
}

/// The generated ids without the end token.
std::span<const TokenId> without_eos(const ChainInput& input) {
  std::span<const TokenId> tokens = input.tokens;
  while (!tokens.empty() && std::find(input.eos_ids.begin(), input.eos_ids.end(), tokens.back()) !=
                                input.eos_ids.end()) {
    tokens = tokens.first(tokens.size() - 1);
  }
  return tokens;
}

Component no_loop(const ChainInput& input, const std::optional<Loop>& loop) {
  Component out;
  if (input.tokens.empty() && !input.text.empty()) {
    out.why = "no token ids were recorded";
    return out;
  }
  out.ok = !loop.has_value();
  if (!loop) return out;
  out.why = fmt::format("{} in tokens {} to {}", loop_kind_name(loop->kind), loop->where.begin,
                        loop->where.end);
  if (input.token_ends.size() == input.tokens.size()) {
    const std::size_t begin = loop->where.begin == 0 ? 0 : input.token_ends[loop->where.begin - 1];
    out.evidence = ByteSpan{begin, input.token_ends[loop->where.end - 1]};
  }
  return out;
}

Component answer_segment(const ChainInput& input) {
  Component out;
  std::size_t begin = 0;
  if (input.thinking) {
    const std::optional<ByteSpan> tag = last_close_tag(input.text);
    if (!tag) {
      out.ok = false;
      out.why = "no closing tag, so nothing follows it";
      return out;
    }
    begin = tag->end;
  }
  out.ok = input.text.find_first_not_of(" \t\r\n", begin) != std::string_view::npos;
  if (*out.ok) {
    out.evidence = ByteSpan{begin, input.text.size()};
  } else {
    out.why = "nothing but blanks";
  }
  return out;
}

Component answer_extractable(const ChainInput& input) {
  Component out;
  out.ok = input.answer_parses;
  out.evidence = input.answer;
  if (!*out.ok) out.why = input.answer ? "the answer does not parse" : "no answer found";
  return out;
}

std::optional<bool> all_hold(std::span<const Component* const> components) {
  bool unknown = false;
  for (const Component* component : components) {
    if (component->ok == false) return false;
    unknown = unknown || !component->ok.has_value();
  }
  return unknown ? std::nullopt : std::optional(true);
}

}  // namespace

ChainAnalysis analyse(const ChainInput& input) {
  ChainAnalysis out;
  out.c1_think_closed = think_closed(input);
  out.c2_not_truncated = not_truncated(input);
  out.loop = find_loop(without_eos(input));
  out.c3_no_loop = no_loop(input, out.loop);
  out.c4_answer_segment = answer_segment(input);
  out.c5_answer_extractable = answer_extractable(input);
  const std::array<const Component*, 5> parts = {&out.c1_think_closed, &out.c2_not_truncated,
                                                 &out.c3_no_loop, &out.c4_answer_segment,
                                                 &out.c5_answer_extractable};
  out.complete = all_hold(std::span(parts).subspan(input.thinking ? 0 : 1));
  return out;
}

}  // namespace assay::chain
