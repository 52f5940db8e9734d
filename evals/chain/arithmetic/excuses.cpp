#include "evals/chain/arithmetic/excuses.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

using Op = Expression::Op;
using Unit = std::pair<std::string_view, int>;

/// Units by what they measure.
constexpr std::array<Unit, 53> kinds = {
    {{"second", 1}, {"seconds", 1}, {"minute", 1}, {"minutes", 1}, {"min", 1},   {"hour", 1},
     {"hours", 1},  {"hr", 1},      {"hrs", 1},    {"day", 1},     {"days", 1},  {"week", 1},
     {"weeks", 1},  {"month", 1},   {"months", 1}, {"year", 1},    {"years", 1}, {"inch", 2},
     {"inches", 2}, {"foot", 2},    {"feet", 2},   {"ft", 2},      {"yard", 2},  {"yards", 2},
     {"mile", 2},   {"miles", 2},   {"mm", 2},     {"cm", 2},      {"meter", 2}, {"meters", 2},
     {"km", 2},     {"ounce", 3},   {"ounces", 3}, {"oz", 3},      {"pound", 3}, {"pounds", 3},
     {"lb", 3},     {"lbs", 3},     {"gram", 3},   {"grams", 3},   {"kg", 3},    {"kilograms", 3},
     {"cent", 4},   {"cents", 4},   {"dollar", 4}, {"dollars", 4}, {"ml", 5},    {"liter", 5},
     {"liters", 5}, {"litre", 5},   {"litres", 5}, {"gallon", 5},  {"$", 4}}};

int kind_of(std::string_view unit) {
  const auto* at = std::find_if(kinds.begin(), kinds.end(),
                                [unit](const Unit& entry) { return entry.first == unit; });
  return at == kinds.end() ? 0 : at->second;
}

/// "hours" and "hour" are one unit.
std::string_view stem(std::string_view unit) {
  if (unit == "feet") return "foot";
  if (unit.size() > 3 && unit.ends_with('s')) unit.remove_suffix(1);
  return unit;
}

const Expression::Node& node_at(const Expression& expression, int index) {
  return expression.nodes[static_cast<std::size_t>(index)];
}

}  // namespace

bool is_written_loosely(std::string_view text, ByteSpan claim, const Expression& left,
                        const Expression& right, const Values& values) {
  const std::string_view words = slice(text, claim);
  return mixes_units(left) || mixes_units(right) || is_residue(left, right, values) ||
         counts_in_cents(words) || counts_in_words(words) || is_on_a_clock(text, claim) ||
         is_relative_percent(left, right, values) || is_rounded_percent(left, right, values) ||
         is_minus_of_bullet(text, claim.begin, left, right, values);
}

bool mixes_units(const Expression& side) {
  // "3 hours * 60 minutes/hour": the hours cancel.
  std::map<std::string_view, int> counts;
  for (const std::string& unit : side.units) {
    if (kind_of(unit) != 0) ++counts[stem(unit)];
  }
  std::set<int> seen;
  for (const auto& [unit, count] : counts) {
    const bool stays = count % 2 != 0 || node_at(side, side.root).op == Op::add ||
                       node_at(side, side.root).op == Op::subtract;
    const int kind = std::max(kind_of(unit), kind_of(std::string(unit) + "s"));
    if (stays && !seen.insert(kind).second) return true;
  }
  return false;
}

bool is_residue(const Expression& left, const Expression& right, const Values& values) {
  const Expression::Node& root = node_at(right, right.root);
  if (root.op != Op::modulo || root.a < 0 || root.b < 0) return false;
  Expression rest = right;
  rest.root = root.a;
  Expression modulus = right;
  modulus.root = root.b;
  const auto value = evaluate(left, 0, values);
  const auto shown = evaluate(rest, 0, values);
  const auto m = evaluate(modulus, 0, values);
  if (!value || !shown || !m || !value->is_exact() || !shown->is_exact() || !m->is_exact()) {
    return false;
  }
  const mpq_class difference = value->low - shown->low;
  return m->low > 0 && mpq_class(difference / m->low).get_den() == 1;
}

bool counts_in_cents(std::string_view claim) {
  return claim.find("\xC2\xA2") != std::string_view::npos &&
         claim.find('$') != std::string_view::npos;
}

bool counts_in_words(std::string_view claim) {
  const std::string words = lower(claim);
  constexpr std::array<std::string_view, 6> names = {"dozen",   "hundred", "thousand",
                                                     "million", "billion", "trillion"};
  return mentions(words, names);
}

bool is_on_a_clock(std::string_view text, ByteSpan claim) {
  constexpr std::size_t longest_mark = 6;
  const std::string words = lower(text.substr(claim.begin, claim.end - claim.begin + longest_mark));
  for (const std::string_view mark : {"am", "pm", "a.m", "p.m", "o'clock"}) {
    for (std::size_t at = words.find(mark); at != std::string::npos;
         at = words.find(mark, at + 1)) {
      const std::size_t before = words.find_last_not_of(' ', at == 0 ? 0 : at - 1);
      const std::size_t behind = at + mark.size();
      const bool word = behind >= words.size() || words[behind] < 'a' || words[behind] > 'z';
      const bool number =
          at > 0 && before != std::string::npos && words[before] >= '0' && words[before] <= '9';
      if (word && number) return true;
    }
  }
  return false;
}

bool is_rounded_percent(const Expression& left, const Expression& right, const Values& values) {
  const Expression::Node& root = node_at(right, right.root);
  if (root.op != Op::percent || root.a < 0 || node_at(right, root.a).op != Op::number) return false;
  const MathToken& shown = *node_at(right, root.a).token;
  const auto value = evaluate(left, 0, values);
  if (!value || !value->is_exact()) return false;
  mpz_class scale = 1;
  for (int i = 0; i < shown.decimals; ++i) scale *= 10;
  const mpq_class exact = value->low * 100 * scale;
  if (exact.get_den() == 1) return false;
  return abs(exact - shown.value * scale) < 1;
}

bool is_minus_of_bullet(std::string_view text, std::size_t claim_begin, const Expression& left,
                        const Expression& right, const Values& values) {
  const std::string_view before = text.substr(0, claim_begin);
  const std::size_t mark = before.find_last_not_of(' ');
  if (mark == std::string_view::npos || before[mark] != '-') return false;
  const auto value = evaluate(left, 0, values);
  const auto result = evaluate(right, 0, values);
  if (!value || !result || !value->is_exact() || !result->is_exact()) return false;
  if (result->low == -value->low) return true;
  const auto first = std::find_if(left.nodes.begin(), left.nodes.end(), [](const auto& node) {
    return node.op == Op::number && node.token != nullptr;
  });
  return first != left.nodes.end() && result->low == value->low - 2 * first->token->value;
}

bool is_relative_percent(const Expression& left, const Expression& right, const Values& values) {
  const Expression::Node& root = node_at(left, left.root);
  if ((root.op != Op::add && root.op != Op::subtract) || root.a < 0 || root.b < 0) return false;
  if (node_at(left, root.b).op != Op::percent) return false;
  Expression base = left;
  base.root = root.a;
  Expression part = left;
  part.root = root.b;
  const auto whole = evaluate(base, 0, values);
  const auto share = evaluate(part, 0, values);
  const auto result = evaluate(right, 0, values);
  if (!whole || !share || !result) return false;
  const Number factor =
      root.op == Op::add ? add(Number::exact(1), *share) : subtract(Number::exact(1), *share);
  const auto changed = multiply(*whole, factor);
  return changed && overlap(*changed, *result);
}

bool is_supposed(std::string_view text, std::size_t claim_begin) {
  constexpr std::size_t longest = 24;
  const std::size_t first = claim_begin > longest ? claim_begin - longest : 0;
  const std::string before = lower(text.substr(first, claim_begin - first));
  constexpr std::array<std::string_view, 4> words = {"suppose", "assume", "imagine", "pretend"};
  for (const std::string_view word : words) {
    const std::size_t at = before.rfind(word);
    if (at == std::string::npos) continue;
    const std::string_view between = std::string_view(before).substr(at + word.size());
    if (between.find_first_of(".,;:\n") == std::string_view::npos) return true;
  }
  return false;
}

bool is_cut_off(std::string_view text, std::size_t end, const Expression& left,
                const Expression& right, const Values& values) {
  const std::string_view rest = text.substr(end);
  if (!rest.empty() && rest != ",") return false;
  const MathToken* shown = right.literal();
  if (shown == nullptr) return text.back() >= '0' && text.back() <= '9';
  const auto value = evaluate(left, 0, values);
  if (!value) return false;
  const bool integer = value->is_exact() && value->low.get_den() == 1;
  const std::string digits =
      integer ? value->low.get_str() : fmt::format("{:.12f}", value->low.get_d());
  return digits.starts_with(slice(text, shown->span));
}

}  // namespace assay::chain
