#include "model/tokenizer/pretokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>
#include <limits>
#include <string>

#include "core/error.h"

namespace assay {

namespace {

// The expressions as their makers publish them. In each, every character can start a match, so the
// matches tile the text. None nests repetitions and what a failing alternative has scanned is
// consumed (but for one character) by the next, so matching is linear in the text.

/// openai/gpt-2, encoder.py.
constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
/// Meta-Llama-3-8B, tokenizer.json: numbers in threes.
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
/// Qwen2 and DeepSeek-R1-Distill-Qwen, tokenizer.json: digits one by one.
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
/// SmolLM, tokenizer.json: "Digits" with individual_digits, before GPT-2's expression.
constexpr std::string_view kDigitsApart = R"(\p{N}|\P{N}+)";

std::vector<std::string_view> published_patterns(PreTokenizer kind) {
  switch (kind) {
    case PreTokenizer::gpt2:
      return {kGpt2};
    case PreTokenizer::llama_bpe:
      return {kLlama3};
    case PreTokenizer::qwen2:
    case PreTokenizer::deepseek_r1_qwen:
      return {kQwen2};
    case PreTokenizer::smollm:
      return {kDigitsApart, kGpt2};
  }
  ASSAY_ASSERT(false);
}

/// PCRE2's \s under UCP has U+180E, which left White_Space in Unicode 6.3; the engines that the
/// expressions were written for do not. So \s is spelled as the property it means.
std::string with_white_space_property(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view two = pattern.substr(i, 2);
    if (two == R"(\s)" || two == R"(\S)") {
      out += two == R"(\s)" ? R"(\p{White_Space})" : R"(\P{White_Space})";
      ++i;
    } else {
      out += pattern[i];
    }
  }
  return out;
}

}  // namespace

struct PieceSplitter::Pattern {
  explicit Pattern(std::string_view published);
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() {
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
  }

  pcre2_code* code = nullptr;
  pcre2_match_context* limits = nullptr;
};

PieceSplitter::Pattern::Pattern(std::string_view published) {
  const std::string pattern = with_white_space_property(published);
  int error = 0;
  PCRE2_SIZE offset = 0;
  code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                       PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &error, &offset, nullptr);
  ASSAY_ASSERT(code != nullptr);
  // Without a JIT for this machine the interpreter gives the same matches.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  limits = pcre2_match_context_create(nullptr);
  ASSAY_ASSERT(limits != nullptr);
  // Matching is linear, so the number of steps is bounded by the text; PCRE2's default would end
  // in an error on ten million spaces. Memory stays under PCRE2's default heap limit.
  pcre2_set_match_limit(limits, std::numeric_limits<std::uint32_t>::max());
}

PieceSplitter::PieceSplitter(PreTokenizer kind) {
  for (const std::string_view pattern : published_patterns(kind)) {
    stages_.push_back(std::make_unique<const Pattern>(pattern));
  }
}
PieceSplitter::PieceSplitter(PieceSplitter&&) noexcept = default;
PieceSplitter& PieceSplitter::operator=(PieceSplitter&&) noexcept = default;
PieceSplitter::~PieceSplitter() = default;

void PieceSplitter::split(std::string_view text, const Sink& sink) const {
  split_from(0, text, sink);
}

void PieceSplitter::split_from(std::size_t stage, std::string_view text, const Sink& sink) const {
  if (stage == stages_.size()) return sink(text);
  const Pattern& pattern = *stages_[stage];
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
      pcre2_match_data_create(1, nullptr), &pcre2_match_data_free);
  ASSAY_ASSERT(match != nullptr);
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  for (std::size_t begin = 0; begin < text.size();) {
    const int rc = pcre2_match(pattern.code, subject, text.size(), begin, PCRE2_NO_UTF_CHECK,
                               match.get(), pattern.limits);
    ASSAY_ASSERT(rc > 0);
    const std::size_t end = pcre2_get_ovector_pointer(match.get())[1];
    ASSAY_ASSERT(end > begin && end <= text.size());
    split_from(stage + 1, text.substr(begin, end - begin), sink);
    begin = end;
  }
}

}  // namespace assay
