#include "evals/common/compat/minerva.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "evals/common/compat/python_text.h"
#include "evals/common/compat/symbolic.h"

namespace assay::evals::compat {
namespace {

/// Appendix D: replaced and removed in this order, as plain text wherever it stands.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kReplaced = {{
    {"an ", ""},
    {"a ", ""},
    {".$", "$"},
    {"\\$", ""},
    {"\\ ", ""},
    {" ", ""},
    {"mbox", "text"},
    {",\\text{and}", ","},
    {"\\text{and}", ","},
    {"\\text{m}", "\\text{}"},
}};
constexpr std::string_view kRemoved =
    "square|ways|integers|dollars|mph|inches|ft|hours|km|units|\\ldots|sue|points|feet|minutes|"
    "digits|"
    "cents|degrees|cm|gm|pounds|meters|meals|edges|students|childrentickets|multiples|\\text{s}|"
    "\\text{.}|\\text{\ns}|\\text{}^2|\\text{}^3|\\text{\n}|\\text{}|\\mathrm{th}|^\\circ|^{\\circ}"
    "|\\;|"
    ",\\!|{,}|\"|\\dots";

/// `open`...'}' as what stands between: up to the first brace, or (`greedy`) to the last of the
/// line.
void unwrap(std::string& text, std::string_view open, bool greedy) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, done)) {
    const std::size_t inside = at + open.size();
    const std::size_t line_end = std::min(text.find('\n', inside), text.size());
    const std::string_view rest = std::string_view(text).substr(inside, line_end - inside);
    const std::size_t close = greedy ? rest.rfind('}') : rest.find('}');
    if (close == std::string_view::npos) {
      out.append(text, done, inside - done);
      done = inside;
      continue;
    }
    out.append(text, done, at - done).append(rest.substr(0, close));
    done = inside + close + 1;
  }
  text = out.append(text, done);
}

/// Of a line with $...$ only the first such part.
void keep_first_math(std::string& text) {
  std::string out;
  for (const std::string_view line : split(text, "\n")) {
    if (!out.empty()) out += '\n';
    const std::size_t open = line.find('$');
    const std::size_t close = open == std::string_view::npos ? open : line.find('$', open + 1);
    out.append(close == std::string_view::npos ? line : line.substr(open, close + 1 - open));
  }
  text = std::move(out);
}

/// frac12 as frac{1}{2}: two characters behind each "frac" that has no brace; sqrt3 likewise.
std::string with_braces(std::string_view text, std::string_view name, int n_args) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, done)) {
    std::size_t end = at + name.size();
    out.append(text.substr(done, end - done));
    done = end;
    if (end >= text.size() || text[end] == '{') continue;
    std::string args;
    int read = 0;
    for (; read < n_args && end < text.size() && (read == 0 || text[end] != '\n'); ++read) {
      const std::size_t bytes = char_bytes(text, end);
      args.append("{").append(text.substr(end, bytes)).append("}");
      end += bytes;
    }
    if (read < n_args) continue;
    out += args;
    done = end;
  }
  return out.append(text.substr(done));
}

std::optional<std::string> minerva_extract(std::string_view completion,
                                           const CompatTask& /*task*/) {
  constexpr std::string_view open = "Final Answer: The final answer is";
  constexpr std::string_view close = " I hope it is correct.";
  // The sentence may have been cut by a stop string.
  const std::string text = std::string(completion) + "I hope it is correct.";
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
    const std::string_view rest = std::string_view(text).substr(at + open.size());
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const std::size_t end = line.find(close, 1);  // one character, the full stop, stands before it
    if (end != std::string_view::npos) return std::string(strip(line.substr(0, end - 1)));
  }
  return std::nullopt;
}

std::string minerva_gold(std::string_view gold, std::string_view /*dataset*/) {
  return minerva_normalised(gold);
}

std::optional<std::string> extract_normalised(std::string_view text, const CompatTask& task) {
  const auto answer = minerva_extract(text, task);
  if (!answer) return std::nullopt;
  return minerva_normalised(*answer);
}

bool has_infinity(const MathExpr& expr) {
  if (expr.op == MathExpr::Op::constant && expr.name == "infinity") return true;
  return std::any_of(expr.args.begin(), expr.args.end(), has_infinity);
}

}  // namespace

std::string minerva_normalised(std::string_view answer) {
  std::string text(after_last(answer, "="));
  for (const auto& [from, to] : kReplaced) replace_all(text, from, to);
  for (const std::string_view removed : split(kRemoved, "|")) replace_all(text, removed, "");
  keep_first_math(text);
  unwrap(text, "\\text{", false);
  unwrap(text, "\\textbf{", false);
  unwrap(text, "\\overline{", false);
  unwrap(text, "\\boxed{", true);
  text = with_braces(text, "frac", 2);
  text = with_braces(text, "sqrt", 1);
  replace_all(text, "$", "");
  std::string digits = text;
  replace_all(digits, ",", "");
  const bool number = !digits.empty() && std::all_of(digits.begin(), digits.end(), is_digit);
  return number ? digits : text;
}

CompatComparison minerva_equal(std::string_view gold, std::string_view prediction) {
  const SympyRead a = read_sympy_latex(gold);
  const SympyRead b = read_sympy_latex(prediction);
  using Status = SympyRead::Status;
  if (a.status == Status::budget || b.status == Status::budget) {
    return {Verdict::undecided, rung::budget};
  }
  if (a.status != Status::expression || b.status != Status::expression) return {};
  // Infinity minus infinity is no zero, not even of one text.
  if (has_infinity(a.left) || has_infinity(b.left)) return {};
  if (same_expression(a.left, b.left, 0) != Sameness::same) return {};
  return {Verdict::equal, gold == prediction ? rung::identical : rung::symbolic};
}

CompatGrader minerva_grader() {
  return {"lm-eval", "lm-evaluation-harness' minerva_math: its final sentence, then sympy",
          extract_normalised, minerva_gold, minerva_equal};
}

}  // namespace assay::evals::compat
