#include "evals/chain/arithmetic/recollection.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "core/ascii.h"
#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

constexpr std::size_t max_name_bytes = 60;
constexpr std::size_t max_gap_bytes = 80;
constexpr std::size_t max_sentence_bytes = 400;

/// Words between two lines that only lead from one to the next.
constexpr std::array<std::string_view, 47> leading_on = {
    "so",          "thus",        "therefore", "hence",        "then",      "simplify",
    "simplifying", "simplifies",  "we",        "get",          "which",     "gives",
    "this",        "calculating", "calculate", "compute",      "computing", "evaluate",
    "evaluating",  "to",          "the",       "expression",   "implies",   "rightarrow",
    "begin",       "end",         "align",     "that",         "means",     "now",
    "can",         "be",          "written",   "as",           "rewrite",   "expand",
    "expanding",   "multiplying", "out",       "distributing", "combining", "combine",
    "like",        "terms",       "have",      "just",         "finally"};

/// Nothing but such words, blanks, delimiters of formulas and full stops; at least a line's end, a
/// full stop or a word. A comma alone makes a list.
bool only_leads_on(const std::string& gap) {
  bool parts = false;
  for (std::size_t i = 0; i < gap.size();) {
    if (!is_letter(gap[i])) {
      if (std::string_view(" \t\r\n\\[]()$.,:;&*{}").find(gap[i]) == std::string_view::npos)
        return false;
      parts = parts || gap[i] == '\n' || gap[i] == '.' || gap[i] == '[';
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < gap.size() && is_letter(gap[end])) ++end;
    if (!one_of(std::string_view(gap).substr(i, end - i), leading_on)) return false;
    parts = true;
    i = end;
  }
  return parts;
}

}  // namespace

bool LineBefore::leads_on(std::string_view word) {
  return one_of(word, leading_on);
}

std::string LineBefore::key(std::string_view name) {
  std::string out;
  if (name.size() > max_name_bytes) return out;
  std::copy_if(name.begin(), name.end(), std::back_inserter(out), [](char c) {
    return c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '&' && c != '*';
  });
  return out;
}

const Expression* LineBefore::same(std::string_view name, std::size_t begin,
                                   const Expression& value) const {
  if (!value_ || name_.empty() || begin < end_ || begin - end_ > max_gap_bytes) return nullptr;
  if (!value_->has_operation() || value_->nodes.size() <= value.nodes.size()) return nullptr;
  if (key(name) != name_) return nullptr;
  return only_leads_on(lower(text_.substr(end_, begin - end_))) ? &*value_ : nullptr;
}

void LineBefore::remember(std::string_view name, const Expression& value, std::size_t end) {
  name_ = key(name);
  value_ = value;
  end_ = end;
}

bool SentenceValues::assign(const Expression& left, const Expression& right, ByteSpan span) {
  if (left.nodes.size() != 1 || left.variables().size() != 1 || !right.variables().empty())
    return false;
  const MathToken* literal = right.literal();
  std::optional<mpq_class> value;
  if (literal != nullptr && literal->decimals <= 1 && !literal->cut && right.units.empty()) {
    const auto number = evaluate(right, 0, Values());
    if (number && number->is_exact()) value = number->low;
  }
  const auto [entry, fresh] = values_.try_emplace(*left.variables().begin(), value);
  if (!fresh && entry->second != value) entry->second.reset();
  begin_ = std::min(begin_, span.begin);
  return true;
}

std::optional<Values> SentenceValues::values_for(const Expression& left, const Expression& right,
                                                 std::string_view text, ByteSpan claim,
                                                 const Values& values) const {
  std::set<std::string> variables = left.variables();
  variables.merge(right.variables());
  if (values_.empty() || variables.empty()) return std::nullopt;
  if (claim.begin < begin_ || claim.begin - begin_ > max_sentence_bytes) return std::nullopt;
  Values out = values;
  for (const std::string& name : variables) {
    const auto known = values_.find(name);
    if (known == values_.end() || !known->second) return std::nullopt;
    out.variables[name] = Number::exact(*known->second);
  }
  constexpr std::array<std::string_view, 13> apart = {
      " or ",     " need", " must", " want", "should", "satisf",    "check",
      "equation", "solv",  " not ", "n't",   "case",   "\\text{or}"};
  const std::string between =
      lead_in(text, begin_) + lower(text.substr(begin_, claim.begin - begin_)) + " ";
  if (mentions(between, apart)) return std::nullopt;
  return out;
}

}  // namespace assay::chain
