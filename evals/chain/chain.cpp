#include "evals/chain/chain.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "core/utf8.h"
#include "evals/chain/answers.h"
#include "evals/chain/language.h"
#include "evals/chain/pseudo_tokens.h"
#include "evals/chain/thresholds.h"

namespace assay::chain {
namespace {

constexpr const char* cut_before = "cannot be told: the text was cut off before it (C2)";
constexpr const char* never_closed = "cannot be told: the thinking part is not closed (C1)";

Component not_applicable(std::string why) {
  Component out;
  out.applies = false;
  out.why = "not applicable: " + std::move(why);
  return out;
}

Component unknown(std::string why) {
  Component out;
  out.why = std::move(why);
  return out;
}

std::size_t count_of(std::span<const TokenId> tokens, TokenId id) {
  return static_cast<std::size_t>(std::count(tokens.begin(), tokens.end(), id));
}

Component think_closed(const ChainInput& input, const Layout& layout) {
  if (!input.thinking) return not_applicable("plain profile");
  Component out;
  out.evidence = layout.close_tag;
  // Without ids: the prompt's text is not here, and templates often end with the opening tag.
  std::size_t opened = std::max<std::size_t>(1, layout.opened);
  std::size_t closed = layout.closed;
  if (!input.tokens.empty() && input.think_open && input.think_close) {
    opened = count_of(input.prompt_tokens, *input.think_open) +
             count_of(input.tokens, *input.think_open);
    closed = count_of(input.tokens, *input.think_close);
  }
  out.ok = opened == 1 && closed == 1;
  if (!*out.ok) out.why = fmt::format("opened {} times, closed {} times", opened, closed);
  return out;
}

std::size_t occurrences(std::string_view text, std::string_view needle) {
  std::size_t n = 0;
  for (std::size_t at = text.find(needle); at != npos; at = text.find(needle, at + needle.size())) {
    ++n;
  }
  return n;
}

constexpr std::size_t longest_box = 2000;

/// Where `text` stops in the middle of something: what that is, else nothing.
const char* cut_inside(std::string_view text) {
  if (occurrences(text, "```") % 2 != 0) return "a code block is open";
  if (occurrences(text, "\\[") > occurrences(text, "\\]")) return "a formula is open";
  if (occurrences(text, "$$") % 2 != 0) return "a formula is open";
  const std::size_t box = text.rfind("\\boxed{");
  if (box != npos && text.size() - box < longest_box &&
      boxed_values(text, {box, text.size()}).empty()) {
    return "a box is open";
  }
  return nullptr;
}

/// The character that ends at the end of `text`.
char32_t last_character(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  const Utf8Step step = utf8_step(text.substr(begin));
  return step.status == Utf8Status::character ? step.code_point : 0;
}

/// A pictograph or the selector behind one.
bool is_emoji(char32_t c) {
  return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2600 && c <= 0x27BF) || c == 0xFE0F;
}

/// A comma, or a word behind which something must come.
bool promises_more(std::string_view text) {
  constexpr std::array<std::string_view, 16> words = {
      "and", "or",  "but", "so",   "because", "since", "the", "then",
      "is",  "are", "of",  "with", "to",      "that",  "if",  "which"};
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == npos) return true;
  if (std::string_view(",;:+=").find(text[last]) != npos) return true;
  const std::string_view end = text.substr(0, last + 1);
  const std::size_t blank = end.find_last_of(" \t\r\n");
  const std::string_view word = blank == npos ? end : end.substr(blank + 1);
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// "\\boxed{12} square centimeters": a box, and a unit of a few words behind it on the last line.
bool ends_with_boxed_quantity(std::string_view text) {
  constexpr std::size_t longest_unit = 40;
  constexpr std::ptrdiff_t most_blanks = 4;
  const std::size_t from = text.size() > longest_box ? text.size() - longest_box : 0;
  const std::vector<ByteSpan> boxes = boxed_values(text, {from, text.size()});
  if (boxes.empty()) return false;
  std::string_view unit = text.substr(boxes.back().end);
  unit = unit.substr(0, unit.find_last_not_of(" \t\r\n") + 1);
  return unit.size() <= longest_unit && unit.find_first_of("\n=.") == npos &&
         std::count(unit.begin(), unit.end(), ' ') <= most_blanks;
}

/// The end of a sentence, a formula, a list item in quotes or a code block.
bool ends_like_an_end(std::string_view text) {
  constexpr std::string_view closing = ".!?)]}>$*`\"'|_%";
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == npos) return false;
  if (closing.find(text[last]) != npos) return true;
  const std::string_view end = text.substr(0, last + 1);
  for (const std::string_view mark :
       {"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F", "\xE2\x80\x9D"}) {
    if (end.ends_with(mark)) return true;
  }
  return is_emoji(last_character(end));
}

/// A last line such as "**Answer:** 12" needs no full stop.
bool last_line_answers(std::string_view text, const ChainInput& input) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == npos) return false;
  const std::size_t newline = text.rfind('\n', last);
  const std::size_t line = newline == npos ? 0 : newline + 1;
  return input.answer && input.answer_parses && input.answer->begin >= line &&
         input.answer->end + 1 >= last;
}

/// Whether the text ends with its answer and that is a program: it has no value that a chain
/// states.
bool ends_with_program(std::string_view text, const ChainInput& input) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last != npos && input.answer && !input.answer_value && input.answer->end + 1 >= last;
}

/// An answer near the end, thinking or not: what a finished text has even when its tag was lost.
bool states_an_answer(std::string_view text) {
  constexpr std::size_t near_the_end = 600;
  const std::size_t begin = text.size() > near_the_end ? text.size() - near_the_end : 0;
  const std::string_view tail = text.substr(begin);
  return tail.find("\\boxed") != npos || tail.find("nswer") != npos || tail.find("```") != npos;
}

Component truncation_in_text(const ChainInput& input, const Layout& layout) {
  Component out;
  out.inferred = true;
  const TextEnd end = without_end_tokens(input.text);
  const std::string_view text = input.text.substr(0, end.size);
  out.ok = true;
  if (end.ended || text.ends_with("<|end_of_solution|>")) {
    out.why = "inferred: an end token stands at the end";
    return out;
  }
  if (text.find_first_not_of(" \t\r\n") == npos) return unknown("cannot be told: no text");
  const char* open = cut_inside(text);
  if (open != nullptr) {
    out.ok = false;
    out.why = fmt::format("inferred: the text stops where {}", open);
  } else if (layout.unclosed && !states_an_answer(text)) {
    out.ok = false;
    out.why = "inferred: the text stops inside the thinking part, without an answer";
  } else if (ends_with_program(text, input)) {
    // Code ends like no sentence; whether it is whole its parser knows.
    if (!input.answer_parses) out.ok.reset();
    out.why = input.answer_parses ? "inferred: the text ends with a whole program"
                                  : "cannot be told: the text ends with code that does not compile";
  } else if (!ends_like_an_end(text) &&
             (promises_more(text) ||
              !(last_line_answers(text, input) || ends_with_boxed_quantity(text)))) {
    out.ok = false;
    out.why = "inferred: the text stops in the middle of a sentence";
  } else {
    out.why = "inferred: the text ends like a finished one";
  }
  const std::size_t shown = 40;
  out.evidence = ByteSpan{text.size() > shown ? text.size() - shown : 0, text.size()};
  return out;
}

Component not_truncated(const ChainInput& input, const Layout& layout) {
  if (!input.stop) return truncation_in_text(input, layout);
  Component out;
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

Component no_loop_in_text(const ChainInput& input, std::optional<Loop>& loop) {
  Component out;
  out.inferred = true;
  const std::string_view text = input.text.substr(0, without_end_tokens(input.text).size);
  const std::optional<TextLoop> found = find_text_loop(text);
  out.ok = !found.has_value();
  if (!found) return out;
  loop = found->loop;
  out.why = fmt::format("{} in words {} to {}", loop_kind_name(found->loop.kind),
                        found->loop.where.begin, found->loop.where.end);
  out.evidence = found->span;
  return out;
}

Component no_loop(const ChainInput& input, std::optional<Loop>& loop) {
  if (input.tokens.empty()) return no_loop_in_text(input, loop);
  Component out;
  loop = find_loop(without_eos(input));
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

Component answer_segment(const ChainInput& input, const Layout& layout, bool cut_off) {
  if (layout.unclosed) return unknown(never_closed);
  Component out;
  out.ok = slice(input.text, layout.answer).find_first_not_of(" \t\r\n") != npos;
  if (*out.ok) {
    out.evidence = layout.answer;
  } else if (cut_off) {
    return unknown(cut_before);
  } else {
    out.why = "nothing but blanks";
  }
  return out;
}

Component answer_extractable(const ChainInput& input, const Layout& layout, bool cut_off) {
  if (layout.unclosed && !input.answer_parses) return unknown(never_closed);
  if (cut_off && !input.answer) return unknown(cut_before);
  Component out;
  out.ok = input.answer_parses;
  out.evidence = input.answer;
  if (!*out.ok) out.why = input.answer ? "the answer does not parse" : "no answer found";
  return out;
}

/// The reasoning: the thinking part; in the plain profile all of it.
ByteSpan reasoning(const ChainInput& input, const Layout& layout) {
  return input.thinking ? layout.thinking : layout.answer;
}

Component has_steps(const ChainInput& input, ChainAnalysis& analysis) {
  analysis.steps = steps_of(input.text, reasoning(input, analysis.layout));
  Component out;
  out.ok = analysis.steps.size() >= steps_min;
  if (!*out.ok) out.why = fmt::format("{} found", analysis.steps.size());
  if (!analysis.steps.empty()) {
    out.evidence = ByteSpan{analysis.steps.front().span.begin, analysis.steps.back().span.end};
  }
  return out;
}

Component arithmetic_holds(const ArithmeticReport& report) {
  if (report.checked == 0) return unknown("no equation could be checked");
  Component out;
  out.ok = report.contradicted == 0;
  if (*out.ok) return out;
  out.why = fmt::format("{} of {} equations contradicted", report.contradicted, report.checked);
  const auto first = std::find_if(report.claims.begin(), report.claims.end(), [](const Claim& c) {
    return c.verdict == ClaimVerdict::contradicted;
  });
  if (first != report.claims.end()) out.evidence = first->span;
  return out;
}

Component answer_follows(const ChainInput& input, const Layout& layout) {
  if (layout.unclosed) return unknown(never_closed);
  if (!input.answer_value) {
    return input.answer_parses ? not_applicable("the answer is a program")
                               : unknown("no answer to look for (C5)");
  }
  ByteSpan chain = reasoning(input, layout);
  // In one piece of text the answer itself must not count as its own source.
  std::size_t until = chain.end;
  if (!input.thinking && input.answer) {
    until = std::clamp(input.answer->begin, chain.begin, chain.end);
    // "The answer is" in front of it is no part of the reasoning, whose last fifth counts.
    const std::string_view before = input.text.substr(0, until);
    const std::size_t newline = before.rfind('\n');
    chain.end = newline == npos || newline < chain.begin ? until : newline;
  }
  const AnswerFinding finding = answer_from_chain(input.text, chain, *input.answer_value, until);
  Component out;
  out.ok = finding.ok;
  out.evidence = finding.evidence;
  if (out.ok == false) out.why = "the answer is not stated at the chain's end";
  return out;
}

Component one_language(const ChainInput& input) {
  const std::string_view text = input.text.substr(0, without_end_tokens(input.text).size);
  const LanguageFinding finding = language_of(input.prompt, text);
  if (!finding.dominant) return unknown("neither prompt nor text holds letters");
  Component out;
  out.inferred = !finding.from_prompt;
  out.ok = !finding.mixed;
  if (finding.longest_run > 0) out.evidence = finding.run;
  if (finding.mixed) {
    out.why = fmt::format("{} of {} letters are not {}", finding.foreign, finding.letters,
                          script_name(*finding.dominant));
  }
  return out;
}

Component answers_agree(const ChainInput& input, const Layout& layout) {
  if (layout.unclosed) return unknown(never_closed);
  if (!input.answer_value && input.answer_parses) return not_applicable("the answer is a program");
  const AnswerFinding finding = boxed_values_agree(input.text, layout.answer);
  Component out;
  out.ok = finding.ok;
  out.evidence = finding.evidence;
  if (!out.ok) out.why = "the grader could not decide whether two boxed values are equal";
  if (out.ok == false) out.why = "two boxed values differ";
  return out;
}

std::optional<bool> all_hold(std::span<const Component* const> components) {
  bool unknown_part = false;
  for (const Component* component : components) {
    if (component->ok == false) return false;
    unknown_part = unknown_part || (component->applies && !component->ok.has_value());
  }
  return unknown_part ? std::nullopt : std::optional(true);
}

}  // namespace

std::array<NamedComponent, 10> components_of(const ChainAnalysis& analysis) {
  return {{{"C1", &analysis.c1_think_closed},
           {"C2", &analysis.c2_not_truncated},
           {"C3", &analysis.c3_no_loop},
           {"C4", &analysis.c4_answer_segment},
           {"C5", &analysis.c5_answer_extractable},
           {"C6", &analysis.c6_steps},
           {"C7", &analysis.c7_arithmetic},
           {"C8", &analysis.c8_answer_from_chain},
           {"C9", &analysis.c9_language},
           {"C10", &analysis.c10_answers_agree}}};
}

ChainAnalysis analyse(const ChainInput& input) {
  ChainAnalysis out;
  out.layout = layout_of(input.text, input.thinking);
  out.c1_think_closed = think_closed(input, out.layout);
  out.c2_not_truncated = not_truncated(input, out.layout);
  const bool cut_off = out.c2_not_truncated.ok == false;
  out.c3_no_loop = no_loop(input, out.loop);
  out.c4_answer_segment = answer_segment(input, out.layout, cut_off);
  out.c5_answer_extractable = answer_extractable(input, out.layout, cut_off);
  out.c6_steps = has_steps(input, out);
  out.arithmetic = check_arithmetic(input.text, input.prompt);
  out.c7_arithmetic = arithmetic_holds(out.arithmetic);
  out.c8_answer_from_chain = answer_follows(input, out.layout);
  out.c9_language = one_language(input);
  out.c10_answers_agree = answers_agree(input, out.layout);
  const std::array<const Component*, 5> basic = {&out.c1_think_closed, &out.c2_not_truncated,
                                                 &out.c3_no_loop, &out.c4_answer_segment,
                                                 &out.c5_answer_extractable};
  out.complete = all_hold(basic);
  const std::array<const Component*, 4> more = {&out.c6_steps, &out.c8_answer_from_chain,
                                                &out.c9_language, &out.c10_answers_agree};
  out.strictly_complete = out.complete == true ? all_hold(more) : out.complete;
  if (all_hold(more) == false) out.strictly_complete = false;
  return out;
}

}  // namespace assay::chain
