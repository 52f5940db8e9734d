#include "reports/common/look.h"

#include <fmt/core.h>

#include <array>

#include "reports/common/page.h"
#include "reports/common/words.h"

namespace assay {
namespace {

constexpr std::size_t kColours = 8;

/// Shapes that stay apart at ten pixels and in one colour.
constexpr std::array<std::string_view, 6> kShapes = {
    "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z",  // circle
    "M-4,-4H4V4H-4z",                                 // square
    "M0,-5.5L5.2,4H-5.2z",                            // triangle
    "M0,-6L6,0L0,6L-6,0z",                            // diamond
    "M0,5.5L5.2,-4H-5.2z",                            // triangle, point down
    "M-2,-5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2z",     // cross
};

}  // namespace

std::string run_letter(std::size_t run) {
  std::string out;
  for (std::size_t rest = run + 1; rest > 0; rest = (rest - 1) / 26) {
    out.insert(out.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return out;
}

std::string run_classes(std::size_t run) {
  return fmt::format("r{} k{} d{}", run, run % kColours, run % 3);
}

std::string run_badge(std::size_t run) {
  return fmt::format("<b class=\"badge k{}\">{}</b>", run % kColours, run_letter(run));
}

std::string run_mark(std::size_t run, const std::string& x, double y, std::string_view tip) {
  return fmt::format(
      "<svg class=\"{}\" x=\"{}\" y=\"{}\" overflow=\"visible\"><path class=\"mark\" d=\"{}\"/>"
      "<circle class=\"hit\" r=\"9\" data-tip=\"{}\"/></svg>",
      run_classes(run), x, svg_number(y), kShapes[run % kShapes.size()], escape_html(tip));
}

std::string run_letter_mark(std::size_t run, const std::string& x, double y) {
  return fmt::format(
      "<svg class=\"{}\" x=\"{}\" y=\"{}\" overflow=\"visible\"><circle class=\"ring\" r=\"7.5\"/>"
      "<text class=\"letter\" y=\"3.8\">{}</text></svg>",
      run_classes(run), x, svg_number(y), run_letter(run));
}

std::string explained(std::string_view label, std::string_view text) {
  return fmt::format("<span class=\"term\" tabindex=\"0\" title=\"{}\">{}</span>",
                     escape_html(text), label);
}

std::string term(std::string_view name, std::string_view label) {
  for (const Words& words : glossary_words()) {
    if (words.name == name) return explained(label.empty() ? words.label : label, words.text);
  }
  return std::string(label.empty() ? name : label);
}

std::string policy_term(std::string_view policy) {
  const std::string_view name = policy.substr(0, policy.find('/'));
  for (const Words& words : glossary_words()) {
    if (words.name == name && (name == "exact" || name == "fast")) {
      return explained(inline_text(policy), words.text);
    }
  }
  return inline_text(policy);
}

std::string svg_number(double value) {
  std::string out = fmt::format("{:.2f}", value);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

std::string percent_of(double fraction) {
  return svg_number(fraction * 100) + "%";
}

}  // namespace assay
