#include "tool/chain_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/text.h"
#include "reports/common/words.h"

namespace assay::tool {
namespace {

constexpr const char* bold = "\033[1m";
constexpr const char* dim = "\033[2m";
constexpr const char* red = "\033[31m";
constexpr const char* green = "\033[32m";
constexpr const char* yellow = "\033[33m";
constexpr const char* magenta = "\033[35m";
constexpr const char* reset = "\033[0m";

/// A mark around bytes of the text.
struct Mark {
  chain::ByteSpan span;
  const char* colour = reset;
  std::string before;  ///< shown where the span begins
  std::string after;   ///< shown where it ends
};

std::string verdict(const std::optional<bool>& value) {
  return !value ? "cannot be told" : *value ? "yes" : "no";
}

std::string in_colour(bool colour, const char* code, const std::string& text) {
  return colour ? code + text + reset : text;
}

std::string parts_table(const chain::ChainAnalysis& analysis, bool colour) {
  std::string out;
  const auto words = component_words();
  const auto components = chain::components_of(analysis);
  for (std::size_t i = 0; i < components.size(); ++i) {
    const chain::Component& part = *components[i].component;
    const char* state = !part.applies ? "  -  " : !part.ok ? "  ?  " : *part.ok ? " yes " : " NO  ";
    const char* code = !part.ok ? dim : *part.ok ? green : red;
    std::string line = fmt::format("{} {:<17} ({})", state, words[i].label, components[i].name);
    if (!part.why.empty()) line += "  " + sanitize_for_terminal(part.why);
    out += in_colour(colour, code, line) + "\n";
  }
  const chain::ArithmeticReport& sums = analysis.arithmetic;
  if (sums.found > 0) {
    out += fmt::format("      equations: {} found, {} checked, {} contradicted\n", sums.found,
                       sums.checked, sums.contradicted);
  }
  return out;
}

/// What stands in the text: loops, contradictions, foreign stretches, the value that the answer
/// comes from, the answer.
std::vector<Mark> marks_of(const chain::ChainAnalysis& a) {
  std::vector<Mark> marks;
  for (std::size_t i = 0; i < a.steps.size(); ++i) {
    const std::size_t at = a.steps[i].span.begin;
    marks.push_back({{at, at}, dim, fmt::format("[step {}] ", i + 1), ""});
  }
  const auto add = [&marks](const chain::Component& part, const char* colour, const char* name) {
    if (part.evidence) marks.push_back({*part.evidence, colour, fmt::format("[{}: ", name), "]"});
  };
  if (a.c3_no_loop.ok == false) add(a.c3_no_loop, yellow, "loop");
  if (a.c9_language.ok == false) add(a.c9_language, magenta, "other language");
  if (a.c10_answers_agree.ok == false) add(a.c10_answers_agree, red, "another answer");
  add(a.c8_answer_from_chain, green, "the answer's value");
  add(a.c5_answer_extractable, bold, "answer");
  for (const chain::Claim& claim : a.arithmetic.claims) {
    if (claim.verdict != chain::ClaimVerdict::contradicted) continue;
    marks.push_back({claim.span, red, "[contradicted: ", fmt::format(" -- {}]", claim.why)});
  }
  return marks;
}

/// The text with every mark's words put in. Marks may overlap: each edge stands on its own, and a
/// colour lasts to the edge that ends it.
std::string marked_text(std::string_view text, const std::vector<Mark>& marks, bool colour) {
  struct Edge {
    std::size_t at;
    bool opens;
    const Mark* mark;
  };
  std::vector<Edge> edges;
  for (const Mark& mark : marks) {
    edges.push_back({mark.span.begin, true, &mark});
    edges.push_back({mark.span.end, false, &mark});
  }
  std::stable_sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    // Where one ends and another begins, the end comes first; an empty mark keeps its order.
    return std::pair(a.at, a.opens && a.mark->span.begin != a.mark->span.end) <
           std::pair(b.at, b.opens && b.mark->span.begin != b.mark->span.end);
  });
  std::string out;
  std::size_t done = 0;
  for (const Edge& edge : edges) {
    const std::size_t at = std::min(edge.at, text.size());
    if (at > done) out += sanitize_for_terminal(text.substr(done, at - done));
    done = std::max(done, at);
    const std::string words =
        sanitize_for_terminal(edge.opens ? edge.mark->before : edge.mark->after);
    if (!colour) {
      out += words;
    } else {
      out += edge.opens ? edge.mark->colour + words : words + reset;
    }
  }
  return out + sanitize_for_terminal(text.substr(done));
}

}  // namespace

std::string annotated_chain(const ChainText& text, const TextAnalysis& result, bool colour) {
  const chain::ChainAnalysis& a = result.analysis;
  std::string out = in_colour(colour, bold, name_for_message(text.id));
  out += fmt::format("  ({}, {} profile)\n", name_for_message(text.where),
                     result.thinking ? "thinking" : "plain");
  out += fmt::format("complete: {}   strictly complete: {}\n", verdict(a.complete),
                     verdict(a.strictly_complete));
  if (result.answer) {
    out += "answer: " + name_for_message(*result.answer);
    if (result.correct) out += *result.correct ? "  (as expected)" : "  (not as expected)";
    out += '\n';
  }
  out += parts_table(a, colour) + "\n";
  return out + marked_text(text.text, marks_of(a), colour) + "\n";
}

}  // namespace assay::tool
