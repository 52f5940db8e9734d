#include "evals/chain/arithmetic/claims.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>

#include "core/ascii.h"
#include "evals/chain/arithmetic/agreement.h"
#include "evals/chain/arithmetic/definitions.h"
#include "evals/chain/arithmetic/equations.h"
#include "evals/chain/arithmetic/excuses.h"
#include "evals/chain/arithmetic/recollection.h"
#include "evals/chain/arithmetic/sides.h"
#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

using Kind = MathToken::Kind;
using Tokens = std::vector<MathToken>;

struct Relation {
  std::size_t at = 0;
  std::size_t end = 0;  ///< behind its last token
  bool approximate = false;
  bool spoken = false;      ///< "is", "gives"
  bool transforms = false;  ///< "simplifies to": spoken, of any two expressions
};

class Checker {
 public:
  Checker(std::string_view text, const Tokens& tokens, Definitions& definitions)
      : text_(text),
        tokens_(tokens),
        sides_(tokens),
        line_before_(text),
        derivations_(text, &work_),
        definitions_(definitions) {
    // Constants that people write with two digits.
    for (const char* constant : {"157/50/2", "141/100/2", "173/100/2", "68/25/2", "271/100/2"}) {
      values_.rounded.insert(constant);
    }
    values_.definitions = &definitions_;
    values_.work = &work_;
  }

  ArithmeticReport run() {
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= tokens_.size(); ++i) {
      const bool ends = i == tokens_.size() || tokens_[i].kind == Kind::barrier ||
                        tokens_[i].kind == Kind::ellipsis;
      if (!ends && !parts_equations(begin, i)) continue;
      statement(begin, i);
      begin = i + 1;
    }
    return std::move(report_);
  }

 private:
  /// "2x = 10 simplifies to x = 5": the phrase at `i` stands between two equations.
  bool parts_equations(std::size_t begin, std::size_t i) const {
    constexpr std::size_t longest = 80;
    const std::size_t end = phrase_end(i);
    if (end == i) return false;
    const auto has_equation = [&](std::size_t from, std::size_t to) {
      for (std::size_t at = from; at < to && sides_.kind(at) != Kind::barrier; ++at) {
        if (sides_.kind(at) == Kind::equals) return true;
      }
      return false;
    };
    return has_equation(std::max(begin, i > longest ? i - longest : 0), i) &&
           has_equation(end, end + longest);
  }

  std::optional<Relation> relation_at(std::size_t i) const {
    if (sides_.kind(i) == Kind::equals) return Relation{i, i + 1};
    if (sides_.kind(i) == Kind::approx) return Relation{i, i + 1, true};
    if (sides_.kind(i) != Kind::word) return std::nullopt;
    if (const std::size_t end = phrase_end(i); end > i) return Relation{i, end, false, true, true};
    if (one_of(tokens_[i].text, verbs)) return Relation{i, i + 1, false, true};
    return std::nullopt;
  }

  /// Behind "simplifies to", "can be written as", or `i` where no such phrase begins.
  std::size_t phrase_end(std::size_t i) const {
    const auto word = [&](std::size_t at) {
      return sides_.kind(at) == Kind::word ? std::string_view(tokens_[at].text) : "";
    };
    std::size_t verb = i;
    if (word(verb) == "which") ++verb;
    if (word(verb) == "can" && word(verb + 1) == "be") {
      verb += 2;
      if (!one_of(word(verb), rewritten)) return i;
    } else if (!one_of(word(verb), rewriting)) {
      return i;
    }
    return word(verb + 1) == "to" || word(verb + 1) == "as" || word(verb + 1) == "into" ? verb + 2
                                                                                        : i;
  }

  /// Tokens [begin, end) without a barrier.
  void statement(std::size_t begin, std::size_t end) {
    std::size_t left_limit = begin;
    relations_ = std::count_if(tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
                               tokens_.begin() + static_cast<std::ptrdiff_t>(end),
                               [](const MathToken& t) { return t.kind == Kind::equals; });
    sides_.begin_statement(begin);
    if (begin > 0 && one_of(tokens_[begin - 1].text, sentence_ends)) sentence_.clear();
    std::size_t named = npos;  // where the first "=" ends the statement's name
    for (std::size_t i = begin; i < end; ++i) {
      if (sides_.kind(i) == Kind::congruent) {
        congruence(left_limit, i, end);
        left_limit = i + 1;
        continue;
      }
      const auto relation = relation_at(i);
      if (!relation) continue;
      if (named == npos && !relation->spoken) named = i;
      const auto left =
          sides_.left(left_limit, i, relation->spoken ? LeftKind::spoken : LeftKind::plain);
      const auto right = sides_.right(relation->end, end);
      if (!relation->spoken) {
        left_limit = i + 1;
        ++report_.found;
      }
      if (left && !right && !relation->spoken) forget(left->expression);
      if (left && !relation->spoken && remainder(*left, i + 1, end)) continue;
      const bool named_right = right && !relation->spoken && named > begin;
      if (named_right && contradicts_line_before(begin, named, i, *right)) continue;
      if (!left || !right) continue;
      const bool follows = left->begin > 0 && sides_.kind(left->begin - 1) == Kind::equals;
      if (has_variables(*left) || has_variables(*right)) {
        // "2x = 10 simplifies to x = 5" is no claim about 10 and x.
        const bool equation = sides_.kind(right->expression.end) == Kind::equals;
        const bool whole = left->begin == begin || follows || tokens_[left->begin].opens_math;
        if (relation->transforms && !equation && whole) transformed(*left, *right);
        if (sides_.kind(i) == Kind::equals) symbolic(*left, *right, follows);
      } else {
        numeric(*left, *right, *relation);
      }
    }
  }

  /// The right side of the relation at token `at`, in a statement that begins with a name:
  /// [begin, named). The line before may have said something else of the same name.
  bool contradicts_line_before(std::size_t begin, std::size_t named, std::size_t at,
                               const Side& right) {
    while (begin + 1 < named && LineBefore::leads_on(tokens_[begin].text)) ++begin;
    const ByteSpan name = {tokens_[begin].span.begin, tokens_[named - 1].span.end};
    const std::string_view text = slice(text_, name);
    const Expression& value = right.expression;
    const bool alternative =
        sides_.kind(value.end) == Kind::word && tokens_[value.end].text == "or";
    const Expression* before =
        at == named && !alternative ? line_before_.same(text, name.begin, value) : nullptr;
    const std::size_t end = tokens_[value.end - 1].span.end;
    const std::size_t so_far = report_.contradicted;
    const ByteSpan span = {name.begin, end};
    if (before != nullptr && is_readable(*before) && is_readable(value) &&
        differs(*before, value, span, sides_.kind(at) == Kind::approx) &&
        !takes_back(text_, span)) {
      add_claim(span, false, fmt::format("{} has another value on the line before", text));
    }
    line_before_.remember(text, value, end);
    return report_.contradicted > so_far;
  }

  /// With variables, only an expansion of what the line before says can differ from it.
  bool differs(const Expression& before, const Expression& value, ByteSpan span, bool approximate) {
    if (before.variables().empty() && value.variables().empty()) {
      return agree(before, value, approximate, values_) == false &&
             !rounded_to_whole(before, value, text_, span, values_);
    }
    return identical(before, value, values_) == false && simplifies(before, value) &&
           expands_alike(before, value, 1, values_);
  }

  static bool has_variables(const Side& side) { return !side.expression.variables().empty(); }

  /// Two readings, or f(..) of an f that nobody defined: it may be a product.
  bool is_readable(const Expression& expression) const {
    if (expression.ambiguous) return false;
    const std::set<std::string> applied = expression.applied();
    return std::all_of(applied.begin(), applied.end(),
                       [&](const std::string& name) { return definitions_.rule(name) != nullptr; });
  }

  void record(const Side& left, const Side& right, bool holds, std::string why) {
    const ByteSpan span = sides_.span(left, right);
    if (holds || !takes_back(text_, span)) add_claim(span, holds, std::move(why));
  }

  void add_claim(ByteSpan span, bool holds, std::string why) {
    Claim claim;
    claim.span = span;
    claim.verdict = holds ? ClaimVerdict::holds : ClaimVerdict::contradicted;
    claim.why = std::move(why);
    report_.contradicted += holds ? 0 : 1;
    ++report_.checked;
    report_.claims.push_back(std::move(claim));
  }

  std::string text_of(const Side& side) const { return sides_.text(text_, side); }

  /// `follows`: another "=" stands before the left side, so the chain simplifies step by step.
  void symbolic(const Side& left, const Side& right, bool follows) {
    const Expression& a = left.expression;
    const Expression& b = right.expression;
    auto head = rule_head(a);
    if (is_readable(a) && is_readable(b)) {
      const std::optional<bool> same = identical(a, b, values_);
      if (same == true) {
        if (a.nodes.size() > 1) record(left, right, true, {});
        return;
      }
      if (same == false && is_claimed_identity(left, right, follows, head.has_value())) {
        record(left, right, false,
               fmt::format("{} is not the same as {}", text_of(left), text_of(right)));
        if (!head) return;
      }
    }
    if (head) {
      define(a, b, std::move(*head));
    } else if (!substituted(left, right) && relations_ == 1) {
      if (b.literal() != nullptr && a.nodes.size() > 1) definitions_.give(b.literal()->value);
      const ByteSpan span = sides_.span(left, right);
      const auto finding = derivations_.next(a, b, span);
      if (finding) record(left, right, finding->holds, finding->why);
    }
  }

  /// "a simplifies to b", "b factors as a".
  void transformed(const Side& left, const Side& right) {
    const Expression& a = left.expression;
    const Expression& b = right.expression;
    if (!is_readable(a) || !is_readable(b)) return;
    const std::optional<bool> same = identical(a, b, values_);
    if (!same || (!*same && !simplifies(a, b) && !simplifies(b, a))) return;
    record(left, right, *same,
           *same ? std::string()
                 : fmt::format("{} is not the same as {}", text_of(left), text_of(right)));
  }

  /// "If x = 3 and y = 4, then x + y = 8": true if it was judged.
  bool substituted(const Side& left, const Side& right) {
    const Expression& a = left.expression;
    const Expression& b = right.expression;
    const ByteSpan span = sides_.span(left, right);
    if (sentence_.assign(a, b, span)) return false;
    if (!is_readable(a) || !is_readable(b)) return false;
    auto values = sentence_.values_for(a, b, text_, span, values_);
    if (!values) return false;
    const auto holds = agree(a, b, false, *values);
    if (!holds) return false;
    record(left, right, *holds,
           *holds ? std::string()
                  : fmt::format("{} is not {} for these values", text_of(left), text_of(right)));
    return true;
  }

  /// Whether the text claims that both sides, which differ, are the same for all values.
  bool is_claimed_identity(const Side& left, const Side& right, bool follows, bool is_head) const {
    const Expression& a = left.expression;
    const Expression& b = right.expression;
    if (has_cases(a, definitions_) || has_cases(b, definitions_)) return false;
    if (follows)
      return b.nodes.size() > 1 && simplifies(a, b) && !uses_given_number(a, b, definitions_);
    const std::string before = lead_in(text_, sides_.span(left, right).begin);
    if (mentions(before, hypothetical)) return false;
    if (is_head) return mentions(before, redefining) && expands_alike(a, b, 2, values_);
    const Expression::Node& root = a.nodes[static_cast<std::size_t>(a.root)];
    if (root.op == Expression::Op::apply) return b.nodes.size() > 1;
    return mentions(before, transforming) && !mentions(before, of_an_equation) &&
           simplifies(a, b) && expands_alike(a, b, 2, values_);
  }

  void define(const Expression& left, const Expression& body, Definitions::Rule rule) {
    const std::string& name = left.nodes[static_cast<std::size_t>(left.root)].token->text;
    const std::size_t begin = left.nodes[static_cast<std::size_t>(left.root)].token->span.begin;
    const bool general = !mentions(sentence(text_, {begin, begin}, 160, 240), conditional);
    const bool recursive = body.applied().contains(name);
    if (body.ambiguous || readings_of(body) != 0 || (!general && !recursive)) {
      definitions_.forget(name);
      return;
    }
    rule.body = body;
    rule.recursive = recursive;
    definitions_.define(name, std::move(rule));
  }

  /// f(x) = something that is not read.
  void forget(const Expression& left) {
    if (!rule_head(left)) return;
    definitions_.forget(left.nodes[static_cast<std::size_t>(left.root)].token->text);
  }

  void numeric(const Side& left, const Side& right, const Relation& relation) {
    const Expression& a = left.expression;
    const Expression& b = right.expression;
    const MathToken* literal_left = a.literal();
    const MathToken* literal_right = b.literal();
    if (relation.spoken && !a.has_operation()) return;
    if (relation.spoken && !relation.transforms && literal_right == nullptr) return;
    if (relation.transforms && sides_.kind(b.end) == Kind::equals) return;
    const bool based = (literal_left != nullptr && literal_left->based) ||
                       (literal_right != nullptr && literal_right->based);
    if (literal_left != nullptr && literal_right != nullptr && !based) {
      if (left.begin == result_ && restates(left, right, relation)) return;
      note_rounding(*literal_left, *literal_right, relation.approximate, values_);
      return;
    }
    if (!is_readable(a) || !is_readable(b)) return;
    const bool by_definition = !a.applied().empty() || !b.applied().empty();
    if (by_definition) pin(b);
    const auto holds = agree(a, b, relation.approximate, values_);
    values_.pinned.clear();
    if (!holds) {
      if (by_definition) state(a, b);
      return;
    }
    if (*holds && !relation.spoken && literal_right != nullptr) result_ = right.begin;
    if (!*holds && is_excused(left, right, by_definition)) return;
    if (relation.spoken) ++report_.found;
    record(left, right, *holds, *holds ? std::string() : reason(left, right, relation));
  }

  /// "12 + 7 = 19 = 20": a whole result, and another one without a unit. True if it was judged.
  bool restates(const Side& left, const Side& right, const Relation& relation) {
    const MathToken& first = *left.expression.literal();
    const MathToken& second = *right.expression.literal();
    const Kind next = sides_.kind(right.expression.end);
    const bool bare = left.expression.units.empty() && right.expression.units.empty() &&
                      (next == Kind::barrier || next == Kind::equals || next == Kind::close);
    const bool whole = first.decimals < 0 && second.decimals < 0 && !first.cut && !second.cut;
    const bool judged = bare && whole && !relation.approximate && first.value != second.value;
    if (!judged || is_excused(left, right, false)) return false;
    record(left, right, false, reason(left, right, relation));
    return true;
  }

  bool is_excused(const Side& left, const Side& right, bool by_definition) const {
    const ByteSpan span = sides_.span(left, right);
    const std::size_t end = right.expression.end;
    const std::string_view unit =
        sides_.kind(end) == Kind::word ? std::string_view(tokens_[end].text) : std::string_view();
    if (by_definition && mentions(lead_in(text_, span.begin), hypothetical)) return true;
    const Expression& a = left.expression;
    const Expression& b = right.expression;
    return takes_back(text_, span) || is_supposed(text_, span.begin) ||
           is_cut_off(text_, span.end, a, b, values_) ||
           rounded_to_whole(a, b, text_, span, values_) || converts_units(a, b, unit, values_) ||
           is_written_loosely(text_, span, a, b, values_);
  }

  /// In "f(4) = 3 - 2f(3) = 11 - 8f(1)", where f is defined by recursion, what stands on the right
  /// is taken as it is.
  void pin(const Expression& right) {
    for (const Expression::Node& node : right.nodes) {
      if (node.op != Expression::Op::apply || node.b >= 0) continue;
      const Definitions::Rule* rule = definitions_.rule(node.token->text);
      const Expression::Node& argument = right.nodes[static_cast<std::size_t>(node.a)];
      if (rule == nullptr || !rule->recursive || argument.op != Expression::Op::number) continue;
      const mpq_class& x = argument.token->value;
      if (definitions_.value(node.token->text, x)) continue;
      mpq_class value(7 * static_cast<long>(values_.pinned.size()) + 5, 3);
      value.canonicalize();
      values_.pinned.push_back({node.token->text, x, value});
    }
  }

  /// "f(1) = 3", which no rule gives.
  void state(const Expression& left, const Expression& right) {
    const Expression::Node& root = left.nodes[static_cast<std::size_t>(left.root)];
    if (root.op != Expression::Op::apply || root.b >= 0) return;
    const Expression::Node& argument = left.nodes[static_cast<std::size_t>(root.a)];
    const auto value = evaluate(right, 0, values_);
    if (argument.op != Expression::Op::number || !value || !value->is_exact()) return;
    definitions_.state(root.token->text, argument.token->value, value->low);
  }

  /// "355 \div 6 = 58 R 5", "= 58 remainder 5", "= 58 with a remainder of 5".
  /// True if it is of this form.
  bool remainder(const Side& left, std::size_t at, std::size_t end) {
    const Expression& a = left.expression;
    const Expression::Node& root = a.nodes[static_cast<std::size_t>(a.root)];
    if (root.op != Expression::Op::divide || sides_.kind(at) != Kind::number) return false;
    std::size_t i = at + 1;
    bool named = false;
    for (; i < end && i < at + 5 && sides_.kind(i) != Kind::number; ++i) {
      const std::string& word = tokens_[i].text;
      named = named || word == "remainder" || word == "R" || word == "r";
      if (!named && word != "with" && word != "a") return false;
    }
    if (!named || sides_.kind(i) != Kind::number) return false;
    const auto quotient = evaluate(a, 0, values_);
    if (!quotient || !quotient->is_exact()) return false;
    const mpz_class whole = quotient->low.get_num() / quotient->low.get_den();
    const Expression::Node& divisor = a.nodes[static_cast<std::size_t>(root.b)];
    if (divisor.op != Expression::Op::number || quotient->low < 0) return false;
    const mpq_class rest = (quotient->low - whole) * divisor.token->value;
    const bool holds = tokens_[at].value == whole && tokens_[i].value == rest;
    const ByteSpan span = {tokens_[left.begin].span.begin, tokens_[i].span.end};
    if (!holds && takes_back(text_, span)) return true;
    add_claim(span, holds,
              holds ? std::string()
                    : fmt::format("{} is {} remainder {}", text_of(left), whole.get_str(),
                                  rest.get_str()));
    return true;
  }

  /// a = b (mod m), of integers.
  void congruence(std::size_t limit, std::size_t at, std::size_t end) {
    ++report_.found;
    const auto left = sides_.left(limit, at, LeftKind::number);
    auto right = left ? parse_expression(std::span(tokens_).first(end), at + 1) : std::nullopt;
    if (!right) return;
    const auto modulus = modulus_behind(right->end, end);
    if (!modulus || *modulus < 2) return;
    const Side other{std::move(*right), at + 1};
    if (left->expression.ambiguous || other.expression.ambiguous) return;
    const auto a = evaluate(left->expression, 0, values_);
    const auto b = evaluate(other.expression, 0, values_);
    if (!a || !b || !a->is_exact() || !b->is_exact()) return;
    if (a->low.get_den() != 1 || b->low.get_den() != 1) return;
    const mpz_class difference = a->low.get_num() - b->low.get_num();
    const bool holds = mpz_divisible_p(difference.get_mpz_t(), modulus->get_mpz_t()) != 0;
    if (!holds && mentions(lead_in(text_, sides_.span(*left, other).begin), hypothetical)) return;
    record(*left, other, holds,
           holds ? std::string()
                 : fmt::format("{} - {} is {}, no multiple of {}", text_of(*left), text_of(other),
                               difference.get_str(), modulus->get_str()));
  }

  /// The m of "\pmod{m}" or "(mod m)" behind tokens[i]; further congruences may stand between.
  std::optional<mpz_class> modulus_behind(std::size_t i, std::size_t end) const {
    constexpr std::size_t longest_chain = 160;
    end = std::min(end, i + longest_chain);
    bool first = true;
    for (; i < end; ++i) {
      const Kind kind = sides_.kind(i);
      const bool bracket = kind == Kind::open && sides_.kind(i + 1) == Kind::modulo;
      if (kind == Kind::pmod || bracket) {
        const auto m = parse_expression(std::span(tokens_).first(end), i + (bracket ? 2 : 1));
        if (!m || !m->variables().empty()) return std::nullopt;
        const auto value = evaluate(*m, 0, values_);
        if (!value || !value->is_exact() || value->low.get_den() != 1) return std::nullopt;
        return value->low.get_num();
      }
      if (first && kind != Kind::congruent) return std::nullopt;
      first = false;
    }
    return std::nullopt;
  }

  std::string reason(const Side& left, const Side& right, const Relation& relation) const {
    const auto a = evaluate(left.expression, 0, values_);
    std::string value = "another number";
    if (a && a->is_exact()) {
      value = a->low.get_str();
    } else if (a) {
      value = fmt::format("about {:.6g}", a->low.get_d());
    }
    return fmt::format("{} is {}, not {}{}", text_of(left), value,
                       relation.approximate ? "about " : "", text_of(right));
  }

  std::string_view text_;
  const Tokens& tokens_;
  SideReader sides_;
  LineBefore line_before_;
  SentenceValues sentence_;
  long work_ = max_work;
  Derivations derivations_;
  Definitions& definitions_;
  Values values_;
  ArithmeticReport report_;
  std::size_t result_ = npos;     ///< the token that a calculation gave as its result
  std::ptrdiff_t relations_ = 0;  ///< equality signs of the statement
};

}  // namespace

std::string_view claim_verdict_name(ClaimVerdict verdict) {
  if (verdict == ClaimVerdict::holds) return "holds";
  return verdict == ClaimVerdict::contradicted ? "contradicted" : "unchecked";
}

ArithmeticReport check_arithmetic(std::string_view text, std::string_view problem) {
  Definitions definitions;
  const Tokens given = math_tokens(problem);
  const Tokens tokens = math_tokens(text);
  Checker(problem, given, definitions).run();
  return Checker(text, tokens, definitions).run();
}

}  // namespace assay::chain
