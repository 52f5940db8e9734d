#include "evals/chain/language.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <functional>

#include "core/utf8.h"
#include "evals/chain/thresholds.h"

namespace assay::chain {
namespace {

constexpr std::size_t n_scripts = static_cast<std::size_t>(Script::other) + 1;

struct Block {
  char32_t first;
  char32_t last;
  Script script;
};

/// Blocks of Unicode 15 that hold letters of these scripts, ascending. Letters elsewhere are
/// Script::other; letters of the mathematical alphabets (U+1D400..) are formulas.
constexpr std::array<Block, 24> blocks = {{
    {0x0041, 0x024F, Script::latin},      {0x0250, 0x02AF, Script::latin},
    {0x0370, 0x03FF, Script::greek},      {0x0400, 0x052F, Script::cyrillic},
    {0x0590, 0x05FF, Script::hebrew},     {0x0600, 0x06FF, Script::arabic},
    {0x0750, 0x077F, Script::arabic},     {0x08A0, 0x08FF, Script::arabic},
    {0x0900, 0x097F, Script::devanagari}, {0x0E00, 0x0E7F, Script::thai},
    {0x1100, 0x11FF, Script::hangul},     {0x1C80, 0x1C8F, Script::cyrillic},
    {0x1E00, 0x1EFF, Script::latin},      {0x1F00, 0x1FFF, Script::greek},
    {0x2E80, 0x2FDF, Script::han},        {0x3005, 0x3007, Script::han},
    {0x3040, 0x30FF, Script::kana},       {0x3130, 0x318F, Script::hangul},
    {0x31F0, 0x31FF, Script::kana},       {0x3400, 0x9FFF, Script::han},
    {0xAC00, 0xD7AF, Script::hangul},     {0xF900, 0xFAFF, Script::han},
    {0xFB50, 0xFEFC, Script::arabic},     {0x20000, 0x3FFFF, Script::han},
}};

constexpr char32_t first_math_letter = 0x1D400;
constexpr char32_t last_math_letter = 0x1D7FF;

bool is_text_letter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  // Letterlike symbols and mathematical alphabets are signs of formulas.
  if ((c >= 0x2070 && c <= 0x214F) || (c >= first_math_letter && c <= last_math_letter))
    return false;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    default:
      return false;
  }
}

Script script_of(char32_t c) {
  const auto block = std::find_if(blocks.begin(), blocks.end(), [c](const Block& candidate) {
    return c >= candidate.first && c <= candidate.last;
  });
  return block == blocks.end() ? Script::other : block->script;
}

/// "<think>", "</s>", "<|im_end|>", "[STEP]": no letters of any language.
std::size_t markup_length(std::string_view text) {
  constexpr std::size_t longest = 40;
  constexpr std::string_view step = "[STEP]";
  if (text.starts_with(step)) return step.size();
  if (!text.starts_with('<')) return 0;
  const std::size_t close = text.substr(0, longest).find('>');
  if (close == std::string_view::npos || close < 2) return 0;
  const std::string_view name = text.substr(1, close - 1);
  const bool tag = std::all_of(name.begin(), name.end(), [](char c) {
    return is_text_letter(static_cast<unsigned char>(c)) || c == '/' || c == '|' || c == '_';
  });
  return tag ? close + 1 : 0;
}

struct Letter {
  Script script;
  ByteSpan span;
};
using LetterSink = std::function<void(const Letter&)>;

/// The letters of one stretch of prose. "\\boxed" and other LaTeX commands are none.
void letters_of_prose(std::string_view text, ByteSpan span, const LetterSink& sink) {
  std::optional<Letter> greek;  // alone so far
  bool greek_run = false;
  const auto flush = [&](bool word) {
    if (greek && word) sink(*greek);
    greek.reset();
  };
  for (std::size_t at = span.begin; at < span.end;) {
    const Utf8Step step = utf8_step(text.substr(at, span.end - at));
    const std::size_t end = at + step.bytes;
    const bool good = step.status == Utf8Status::character;
    if (const std::size_t mark = markup_length(slice(text, {at, span.end})); mark > 0) {
      at += mark;
      flush(false);
      greek_run = false;
      continue;
    }
    if (good && step.code_point == U'\\') {
      at = end;
      while (at < span.end && is_text_letter(static_cast<unsigned char>(text[at])) &&
             static_cast<unsigned char>(text[at]) < 0x80) {
        ++at;
      }
      flush(false);
      greek_run = false;
      continue;
    }
    if (!good || !is_text_letter(step.code_point)) {
      flush(false);
      greek_run = false;
    } else {
      const Letter letter{script_of(step.code_point), {at, end}};
      if (letter.script != Script::greek) {
        flush(false);
        greek_run = false;
        sink(letter);
      } else if (greek || greek_run) {
        flush(true);
        greek_run = true;
        sink(letter);
      } else {
        greek = letter;
      }
    }
    at = end;
  }
}

void letters_of(std::string_view text, const LetterSink& sink) {
  for (const Region& region : regions_of(text)) {
    if (region.kind == RegionKind::prose) letters_of_prose(text, region.span, sink);
  }
}

using Counts = std::array<std::size_t, n_scripts>;

Counts count_scripts(std::string_view text) {
  Counts counts{};
  letters_of(text,
             [&](const Letter& letter) { ++counts[static_cast<std::size_t>(letter.script)]; });
  return counts;
}

std::size_t sum(const Counts& counts) {
  std::size_t total = 0;
  for (const std::size_t n : counts) total += n;
  return total;
}

/// Scripts that count as the prompt's own.
std::array<bool, n_scripts> own_scripts(const Counts& counts, Script dominant) {
  std::array<bool, n_scripts> own{};
  const std::size_t total = sum(counts);
  for (std::size_t i = 0; i < n_scripts; ++i) {
    own[i] = counts[i] * prompt_script_share_divisor >= total && counts[i] > 0;
  }
  own[static_cast<std::size_t>(dominant)] = true;
  if (dominant == Script::kana) own[static_cast<std::size_t>(Script::han)] = true;
  return own;
}

/// Scripts whose words no blanks part say much in few letters.
bool is_dense(Script script) {
  return script == Script::han || script == Script::kana || script == Script::thai ||
         script == Script::hangul;
}

}  // namespace

std::string_view script_name(Script script) {
  constexpr std::array<std::string_view, n_scripts> names = {
      "Latin",  "Greek",  "Cyrillic",   "Han",  "kana", "Hangul",
      "Arabic", "Hebrew", "Devanagari", "Thai", "other"};
  return names[static_cast<std::size_t>(script)];
}

LanguageFinding language_of(std::string_view prompt, std::string_view text) {
  LanguageFinding out;
  Counts basis = count_scripts(prompt);
  out.from_prompt = sum(basis) > 0;
  if (!out.from_prompt) basis = count_scripts(text);
  if (sum(basis) == 0) return out;
  const Script dominant =
      static_cast<Script>(std::max_element(basis.begin(), basis.end()) - basis.begin());
  out.dominant = dominant;
  // A text without a prompt is judged by its own main script alone.
  const auto own = out.from_prompt ? own_scripts(basis, dominant) : own_scripts(Counts{}, dominant);
  std::size_t run = 0;
  std::size_t run_begin = 0;
  bool dense_run = false;
  bool run_too_long = false;
  letters_of(text, [&](const Letter& letter) {
    ++out.letters;
    if (own[static_cast<std::size_t>(letter.script)]) {
      run = 0;
      return;
    }
    ++out.foreign;
    if (run == 0) run_begin = letter.span.begin;
    dense_run = (run == 0 || dense_run) && is_dense(letter.script);
    ++run;
    run_too_long =
        run_too_long || run >= (dense_run ? foreign_run_dense_letters : foreign_run_letters);
    if (run <= out.longest_run) return;
    out.longest_run = run;
    out.run = {run_begin, letter.span.end};
  });
  const double share =
      out.letters == 0 ? 1.0
                       : 1.0 - static_cast<double>(out.foreign) / static_cast<double>(out.letters);
  out.mixed = share < dominant_script_share_min || run_too_long;
  return out;
}

}  // namespace assay::chain
