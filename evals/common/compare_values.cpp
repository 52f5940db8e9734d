#include "evals/common/compare_values.h"

#include <algorithm>
#include <set>
#include <utility>

#include "evals/common/answer_sets.h"
#include "evals/common/answer_words.h"
#include "evals/common/matching.h"
#include "evals/common/vector_readings.h"

namespace assay::evals {
namespace {

using ValueKind = AnswerValue::Kind;
using Op = MathExpr::Op;

Judgement different_kinds() {
  return judged(Verdict::not_equal, rung::structure, proof::form);
}

/// All must hold: a proved difference decides, then what is undecided, then the weakest proof.
class Conjunction {
 public:
  explicit Conjunction(const char* rung) : rung_(rung) {}
  /// False when nothing that follows can matter.
  bool add(const Judgement& part) {
    if (part.verdict == Verdict::not_equal) {
      result_ = {Verdict::not_equal, rung_, part.proof};
      return false;
    }
    if (result_.verdict != Verdict::equal) return true;
    if (part.verdict == Verdict::undecided) {
      result_ = {Verdict::undecided, part.rung, proof::none};
    } else if (part.proof != proof::proved) {
      result_.proof = part.proof;
    }
    return true;
  }
  Judgement result() const {
    Judgement result = result_;
    if (result.verdict == Verdict::equal) result.rung = rung_;
    return result;
  }

 private:
  const char* rung_;
  Judgement result_{Verdict::equal, "", proof::proved};
};

/// The empty set, or "no solution" in words.
bool says_none(const AnswerValue& value) {
  if (value.kind == ValueKind::set) return value.items.empty();
  return value.kind == ValueKind::text && value.text.starts_with("no") &&
         value.text.find("solution") != std::string::npos;
}

bool is_equation(const AnswerValue& value) {
  return value.kind == ValueKind::relation && value.relations.size() == 1 &&
         value.relations[0] == "=" && is_scalar(value.items[0]) && is_scalar(value.items[1]);
}

class Comparer {
 public:
  explicit Comparer(const AnswerPolicy& policy) : policy_(policy) {}

  Judgement compare(const AnswerValue& gold, const AnswerValue& prediction) {
    constexpr long max_comparisons = 4096;
    if (++comparisons_ > max_comparisons) {
      return judged(Verdict::undecided, rung::budget, proof::none);
    }
    if (auto early = compare_readable(gold, prediction)) return *early;
    if (auto letters = compare_choices(gold, prediction)) return *letters;
    if (gold.kind == ValueKind::text || prediction.kind == ValueKind::text) {
      const bool equal = (gold.kind == prediction.kind && gold.text == prediction.text) ||
                         (says_none(gold) && says_none(prediction));
      return judged(equal ? Verdict::equal : Verdict::not_equal, rung::text, proof::form);
    }
    if (auto based = compare_bases(gold, prediction)) return *based;
    if (const auto pair = aligned_by_name(gold, prediction)) {
      return compare(pair->gold, pair->prediction);
    }
    if (gold.kind == ValueKind::relation || prediction.kind == ValueKind::relation) {
      return compare_relations(gold, prediction);
    }
    if (gold.kind == ValueKind::ratio || prediction.kind == ValueKind::ratio) {
      return compare_ratios(gold, prediction);
    }
    return compare_shapes(gold, prediction);
  }

 private:
  /// Verdicts about what could not be read; nothing where both sides were.
  static std::optional<Judgement> compare_readable(const AnswerValue& gold,
                                                   const AnswerValue& prediction) {
    if (!gold.incomplete && !prediction.incomplete) return std::nullopt;
    if (value_text(gold) == value_text(prediction)) {
      return judged(Verdict::equal, rung::unreadable, proof::form);
    }
    return judged(Verdict::not_equal, rung::unreadable, proof::form);
  }

  static std::string letter_of(const AnswerValue& value) {
    if (value.kind == ValueKind::choice) return value.text;
    const bool symbol = is_scalar(value) && value.expr.op == Op::symbol && value.unit.empty();
    return symbol && value.expr.name.size() == 1 ? value.expr.name : std::string();
  }

  static std::optional<Judgement> compare_choices(const AnswerValue& gold,
                                                  const AnswerValue& prediction) {
    if (gold.kind != ValueKind::choice && prediction.kind != ValueKind::choice) return std::nullopt;
    const std::string a = letter_of(gold);
    const std::string b = letter_of(prediction);
    if (a.empty() || b.empty()) {
      // (C) = 12 as a statement of the choice
      if (const AnswerValue* value = assigned_value(prediction);
          value != nullptr && a.size() == 1) {
        const bool same = letter_of(prediction.items[0]) == a || letter_of(*value) == a;
        return judged(same ? Verdict::equal : Verdict::not_equal, rung::choice, proof::form);
      }
      return different_kinds();
    }
    return judged(a == b ? Verdict::equal : Verdict::not_equal, rung::choice, proof::form);
  }

  static std::string digits_of(const AnswerValue& value) {
    std::string digits = value.text;
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    for (char& c : digits) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return digits;
  }

  static std::optional<Judgement> compare_bases(const AnswerValue& gold,
                                                const AnswerValue& prediction) {
    const bool gold_based = gold.kind == ValueKind::base_n;
    const bool prediction_based = prediction.kind == ValueKind::base_n;
    if (!gold_based && !prediction_based) return std::nullopt;
    if (gold_based && prediction_based) {
      const bool equal = gold.base == prediction.base && digits_of(gold) == digits_of(prediction);
      return judged(equal ? Verdict::equal : Verdict::not_equal, rung::base_n, proof::proved);
    }
    if (gold_based) {
      if (const AnswerValue* value = assigned_value(prediction)) {
        if (value->kind == ValueKind::base_n) return compare_bases(gold, *value);
      }
      const bool equal = is_scalar(prediction) && !prediction.text.empty() &&
                         digits_of(gold) == digits_of(prediction);
      return judged(equal ? Verdict::equal : Verdict::not_equal, rung::base_stripped, proof::form);
    }
    if (prediction.base == 10 && is_scalar(gold)) {
      const bool equal = digits_of(gold) == digits_of(prediction);
      return judged(equal ? Verdict::equal : Verdict::not_equal, rung::base_n, proof::form);
    }
    if (const AnswerValue* value = assigned_value(gold)) {
      if (value->kind == ValueKind::base_n) return compare_bases(*value, prediction);
    }
    return different_kinds();
  }

  // --- relations ---

  Judgement compare_relations(const AnswerValue& gold, const AnswerValue& prediction) {
    if (is_equation(gold) && is_equation(prediction)) {
      const auto both_signs = [](const AnswerValue& side) {
        return has_op(side.items[1].expr, Op::plus_minus);
      };
      if (both_signs(gold) && both_signs(prediction) &&
          compare(gold.items[0], prediction.items[0]).verdict == Verdict::equal) {
        return renamed(unordered(elements(gold), elements(prediction)), rung::equation);
      }
      const Judgement whole = compare_equations(gold.items[0].expr, gold.items[1].expr,
                                                prediction.items[0].expr, prediction.items[1].expr);
      if (whole.verdict != Verdict::not_equal || !rounds(gold.items[1], prediction.items[1])) {
        return renamed(whole, rung::equation);
      }
      // x = 3.14159 for x = 3.14
      if (compare(gold.items[0], prediction.items[0]).verdict == Verdict::equal) {
        return renamed(compare(gold.items[1], prediction.items[1]), rung::equation);
      }
      return renamed(whole, rung::equation);
    }
    const AnswerValue* gold_value = assigned_value(gold);
    const AnswerValue* prediction_value = assigned_value(prediction);
    if (gold.kind != ValueKind::relation && prediction_value != nullptr) {
      return through(compare(gold, *prediction_value));
    }
    if (prediction.kind != ValueKind::relation && gold_value != nullptr) {
      return through(compare(*gold_value, prediction));
    }
    if (gold_value != nullptr && prediction_value != nullptr) {
      Judgement names = compare(gold.items[0], prediction.items[0]);
      Judgement values = compare(*gold_value, *prediction_value);
      if (names.verdict == Verdict::equal || values.verdict != Verdict::equal) return values;
      return names.verdict == Verdict::not_equal ? names : values;
    }
    if (auto sets = compare_sets_of_reals(gold, prediction)) return *sets;
    if (gold.kind != prediction.kind) return different_kinds();
    return compare_chains(gold, prediction);
  }

  static Judgement renamed(Judgement judgement, const char* rung) {
    if (judgement.verdict != Verdict::undecided) judgement.rung = rung;
    return judgement;
  }

  /// The value was found behind a name: only a verdict of equality owes that to the rule.
  static Judgement through(Judgement judgement) {
    if (judgement.verdict == Verdict::equal) judgement.rung = rung::assignment;
    return judgement;
  }

  static bool rounds(const AnswerValue& gold, const AnswerValue& prediction) {
    return is_scalar(gold) && is_scalar(prediction) && may_be_rounded(gold.expr, prediction.expr);
  }

  /// a < b <= c, also read from right to left.
  Judgement compare_chains(const AnswerValue& gold, const AnswerValue& prediction) {
    if (gold.items.size() != prediction.items.size()) {
      return judged(Verdict::not_equal, rung::equation, proof::form);
    }
    Judgement forward = compare_chain(gold, prediction);
    if (forward.verdict == Verdict::equal) return forward;
    AnswerValue mirrored = prediction;
    std::reverse(mirrored.items.begin(), mirrored.items.end());
    std::reverse(mirrored.relations.begin(), mirrored.relations.end());
    for (std::string& name : mirrored.relations) {
      for (const auto& [from, to] : {std::pair{"<", ">"}, {">", "<"}, {"<=", ">="}, {">=", "<="}}) {
        if (name != from) continue;
        name = to;
        break;
      }
    }
    const Judgement backward = compare_chain(gold, mirrored);
    return backward.verdict == Verdict::equal ? backward : forward;
  }

  Judgement compare_chain(const AnswerValue& gold, const AnswerValue& prediction) {
    if (gold.relations != prediction.relations) {
      return judged(Verdict::not_equal, rung::equation, proof::form);
    }
    return in_order(gold.items, prediction.items, rung::equation);
  }

  // --- ratios ---

  Judgement compare_ratios(const AnswerValue& gold, const AnswerValue& prediction) {
    const auto terms = [](const AnswerValue& value) -> std::vector<MathExpr> {
      std::vector<MathExpr> result;
      if (value.kind == ValueKind::ratio) {
        for (const AnswerValue& item : value.items) result.push_back(item.expr);
      } else if (is_scalar(value)) {
        result = {value.expr, make_number(1)};
      }
      return result;
    };
    if (const AnswerValue* value = assigned_value(prediction)) return compare(gold, *value);
    const std::vector<MathExpr> a = terms(gold);
    const std::vector<MathExpr> b = terms(prediction);
    if (a.size() != b.size() || a.empty()) return different_kinds();
    Conjunction all(rung::ratio);
    for (std::size_t i = 1; i < a.size(); ++i) {
      const auto cross = [](const MathExpr& x, const MathExpr& y) {
        return make_expr(Op::multiply, {x, y});
      };
      if (!all.add(compare_expressions(cross(a[0], b[i]), cross(a[i], b[0])))) break;
    }
    return all.result();
  }

  // --- shapes ---

  static bool is_ordered(ValueKind kind) {
    return kind == ValueKind::tuple || kind == ValueKind::list || kind == ValueKind::matrix;
  }
  static bool is_collection(ValueKind kind) {
    return kind == ValueKind::list || kind == ValueKind::set;
  }

  Judgement compare_shapes(const AnswerValue& gold, const AnswerValue& prediction) {
    if (auto sets = compare_sets_of_reals(gold, prediction)) return *sets;
    if (gold.kind == ValueKind::matrix && prediction.kind == ValueKind::matrix) {
      if (gold.columns != prediction.columns || gold.items.size() != prediction.items.size()) {
        return judged(Verdict::not_equal, rung::matrix, proof::form);
      }
      return in_order(gold.items, prediction.items, rung::matrix);
    }
    const std::vector<AnswerValue> a = elements(gold);
    const std::vector<AnswerValue> b = elements(prediction);
    const bool gold_many = is_collection(gold.kind) || (is_scalar(gold) && a.size() > 1);
    const bool many = is_collection(prediction.kind) || (is_scalar(prediction) && b.size() > 1);
    if (gold_many || many) {
      if ((gold_many || is_scalar(gold) || gold.kind == ValueKind::tuple) && many &&
          !(gold.kind == ValueKind::tuple && prediction.kind == ValueKind::set)) {
        if (gold.kind != ValueKind::tuple) return unordered(a, b);
      }
      if (gold_many && is_scalar(prediction)) return unordered(a, b);
      if (gold.kind == ValueKind::set || prediction.kind == ValueKind::set) {
        if (!is_ordered(gold.kind) && !is_ordered(prediction.kind)) return unordered(a, b);
        return different_kinds();
      }
    }
    if (is_scalar(gold) && is_scalar(prediction)) return compare_quantities(gold, prediction);
    if (is_ordered(gold.kind) && is_ordered(prediction.kind) && is_vector(gold) &&
        is_vector(prediction) && !repeats_a_name(gold) && !repeats_a_name(prediction)) {
      return in_order(plain(gold.items), plain(prediction.items), rung::tuple);
    }
    if (gold.kind == ValueKind::interval && prediction.kind == ValueKind::interval) {
      return compare_intervals(gold, prediction);
    }
    return different_kinds();
  }

  static bool is_vector(const AnswerValue& value) {
    return value.kind != ValueKind::matrix || value.columns == 1 ||
           value.columns == value.items.size();
  }

  /// (x = 1, y = 2) as (1, 2).
  static std::vector<AnswerValue> plain(const std::vector<AnswerValue>& items) {
    std::vector<AnswerValue> result;
    for (const AnswerValue& item : items) {
      const AnswerValue* value = assigned_value(item);
      result.push_back(value != nullptr ? *value : item);
    }
    return result;
  }

  /// The elements of a list or set, \pm written out; of anything else, itself.
  static std::vector<AnswerValue> elements(const AnswerValue& value) {
    std::vector<AnswerValue> result;
    const std::vector<AnswerValue> self{value};
    for (const AnswerValue& item : is_collection(value.kind) ? value.items : self) {
      const bool equation = is_equation(item) && has_op(item.items[1].expr, Op::plus_minus);
      const AnswerValue& scalar = equation ? item.items[1] : item;
      const std::vector<MathExpr> variants =
          is_scalar(scalar) ? expand_signs(scalar.expr) : std::vector<MathExpr>{};
      if (variants.size() < 2) {
        result.push_back(item);
        continue;
      }
      for (const MathExpr& variant : variants) {
        result.push_back(scalar);
        result.back().expr = variant;
      }
    }
    return result;
  }

  Judgement in_order(const std::vector<AnswerValue>& gold,
                     const std::vector<AnswerValue>& prediction, const char* rung) {
    if (gold.size() != prediction.size()) {
      return judged(Verdict::not_equal, rung, proof::form);
    }
    Conjunction all(rung);
    for (std::size_t i = 0; i < gold.size(); ++i) {
      if (!all.add(compare(gold[i], prediction[i]))) break;
    }
    return all.result();
  }

  /// A perfect matching under equality (augmenting paths), both sides of equal size.
  Judgement unordered(const std::vector<AnswerValue>& gold,
                      const std::vector<AnswerValue>& prediction) {
    if (gold.size() > 1 && prediction.size() == 1 && all_alike(gold)) {
      return unordered({gold[0]}, prediction);  // the double root -2, -2
    }
    if (gold.size() != prediction.size()) {
      return judged(Verdict::not_equal, rung::set, proof::form);
    }
    const std::size_t n = gold.size();
    std::vector<std::vector<Judgement>> table(n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        table[i].push_back(compare(gold[i], prediction[j]));
        if (table[i].back().rung == rung::budget) return table[i].back();
      }
    }
    const auto matching = [&](bool with_undecided) {
      return perfect_matching(n, [&](std::size_t i, std::size_t j) {
        const Verdict verdict = table[i][j].verdict;
        return verdict == Verdict::equal || (with_undecided && verdict == Verdict::undecided);
      });
    };
    const std::vector<std::size_t> partner = matching(false);
    if (partner.size() != n) {
      if (matching(true).size() == n) {
        return judged(Verdict::undecided, rung::undefined, proof::none);
      }
      return judged(Verdict::not_equal, rung::set, proof::proved);
    }
    Conjunction all(rung::set);
    for (std::size_t j = 0; j < n; ++j) all.add(table[partner[j]][j]);
    return all.result();
  }

  static bool all_alike(const std::vector<AnswerValue>& items) {
    return std::all_of(items.begin(), items.end(), [&](const AnswerValue& item) {
      return value_text(item) == value_text(items[0]);
    });
  }

  // --- intervals ---

  /// Both as unions of intervals and points, where both are sets of real numbers.
  std::optional<Judgement> compare_sets_of_reals(const AnswerValue& gold,
                                                 const AnswerValue& prediction) {
    const bool wanted = is_real_set(gold) || is_real_set(prediction);
    if (!wanted) return std::nullopt;
    const auto of_gold = real_pieces(gold);
    const auto of_prediction = real_pieces(prediction);
    if (!of_gold || !of_prediction) return std::nullopt;
    const std::vector<AnswerValue> a = merged_pieces(*of_gold);
    const std::vector<AnswerValue> b = merged_pieces(*of_prediction);
    if (a.size() == 1 && b.size() == 1) return compare_pieces(a[0], b[0]);
    return renamed(unordered(a, b), rung::interval);
  }

  Judgement compare_pieces(const AnswerValue& a, const AnswerValue& b) {
    if (a.kind == ValueKind::interval && b.kind == ValueKind::interval)
      return compare_intervals(a, b);
    if (a.kind == ValueKind::interval || b.kind == ValueKind::interval) {
      return judged(Verdict::not_equal, rung::interval, proof::form);
    }
    return compare(a, b);
  }

  Judgement compare_intervals(const AnswerValue& gold, const AnswerValue& prediction) {
    const auto infinite = [](const AnswerValue& end) {
      return is_scalar(end) && (end.expr.name == "infinity" ||
                                (end.expr.args.size() == 1 && end.expr.args[0].name == "infinity"));
    };
    const bool low = gold.open_low == prediction.open_low || infinite(gold.items[0]);
    const bool high = gold.open_high == prediction.open_high || infinite(gold.items[1]);
    if (!low || !high) return judged(Verdict::not_equal, rung::interval, proof::proved);
    return in_order(gold.items, prediction.items, rung::interval);
  }

  // --- numbers with units ---

  Judgement compare_quantities(const AnswerValue& gold, const AnswerValue& prediction) {
    const std::string& gold_unit = gold.unit.empty() ? policy_.unit : gold.unit;
    if (units_agree(gold.unit, prediction.unit)) {
      return compare_numbers(gold, prediction);
    }
    if (!gold_unit.empty() && !prediction.unit.empty() && gold_unit != prediction.unit) {
      return judged(Verdict::not_equal, rung::unit, proof::form);
    }
    Judgement numbers = compare_numbers(gold, prediction);
    if (numbers.verdict == Verdict::undecided) return numbers;
    if (numbers.verdict == Verdict::equal) {
      numbers.rung = rung::unit_optional;
      return numbers;
    }
    if (gold.unit == "%" && prediction.unit.empty()) {
      AnswerValue hundredfold = prediction;
      hundredfold.expr = make_expr(Op::multiply, {make_number(100), prediction.expr});
      if (compare_numbers(gold, hundredfold).verdict == Verdict::equal) {
        return judged(Verdict::equal, rung::percent, proof::proved);
      }
    }
    numbers.rung = rung::unit_optional;
    return numbers;
  }

  static Judgement compare_numbers(const AnswerValue& gold, const AnswerValue& prediction) {
    Judgement exact = compare_expressions(gold.expr, prediction.expr);
    if (exact.verdict == Verdict::undecided && exact.rung == rung::undefined &&
        is_undefined(prediction.expr) && !is_undefined(gold.expr)) {
      return judged(Verdict::not_equal, rung::undefined, proof::form);
    }
    if (exact.verdict != Verdict::not_equal || !may_be_rounded(gold.expr, prediction.expr) ||
        !is_constant(prediction)) {
      return exact;
    }
    const Judgement rounded = compare_rounded(gold.expr, prediction.expr);
    return rounded.verdict == Verdict::not_equal ? exact : rounded;
  }

  const AnswerPolicy& policy_;
  long comparisons_ = 0;
};

}  // namespace

Judgement compare_values(const AnswerValue& gold, const AnswerValue& prediction,
                         const AnswerPolicy& policy) {
  return Comparer(policy).compare(gold, prediction);
}

}  // namespace assay::evals
