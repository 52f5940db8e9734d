#include "evals/chain/arithmetic/expression.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "evals/chain/arithmetic/wording.h"

namespace assay::chain {
namespace {

using Kind = MathToken::Kind;
using Op = Expression::Op;
using Node = Expression::Node;

bool joins(const std::string& word) {
  return one_of(word, joining_words);
}

class Parser {
 public:
  explicit Parser(std::span<const MathToken> tokens) : tokens_(tokens) {}

  std::optional<Expression> run(std::size_t begin) {
    at_ = begin;
    out_.root = sum();
    if (out_.root < 0) return std::nullopt;
    out_.end = at_;
    return std::move(out_);
  }

 private:
  Kind kind(std::size_t i) const { return i < tokens_.size() ? tokens_[i].kind : Kind::barrier; }
  Kind here() const { return kind(at_); }

  int make(Op op, int a, int b = -1, const MathToken* token = nullptr) {
    if (out_.nodes.size() >= max_expression_nodes) return -1;
    out_.nodes.push_back({op, a, b, token});
    return static_cast<int>(out_.nodes.size()) - 1;
  }

  /// Undoes a step that led nowhere.
  int back_to(std::size_t at, int node) {
    at_ = at;
    return node;
  }

  int sum() {
    if (++depth_ > max_expression_depth) {
      --depth_;
      return -1;
    }
    int left = term();
    while (left >= 0) {
      const std::size_t before = at_;
      const Kind sign = here();
      if (sign != Kind::plus && sign != Kind::minus && sign != Kind::modulo &&
          sign != Kind::plus_minus) {
        break;
      }
      ++at_;
      const int right = term();
      if (right < 0) {
        left = back_to(before, left);
        break;
      }
      left = make(operation_of(sign), left, right);
    }
    --depth_;
    return left;
  }

  static Op operation_of(Kind sign) {
    if (sign == Kind::plus) return Op::add;
    if (sign == Kind::minus) return Op::subtract;
    return sign == Kind::modulo ? Op::modulo : Op::plus_minus;
  }

  int term() {
    int left = factor();
    bool divided = false;
    std::string division;
    while (left >= 0) {
      const std::size_t before = at_;
      Op op = Op::multiply;
      bool implied = false;
      if (here() == Kind::times || here() == Kind::slash) {
        op = here() == Kind::times ? Op::multiply : Op::divide;
        // "2200 / 16 \div 288 / 16": which sign binds closer?
        const std::string& mark = tokens_[at_].text;
        if (op == Op::divide && divided && mark != division) out_.ambiguous = true;
        if (op == Op::divide) division = mark;
        ++at_;
      } else if (is_share_of()) {
        ++at_;
      } else if (spoken_operator(op)) {
        // "divided by", "multiplied by"
      } else if (begins_implied_factor()) {
        implied = true;
      } else {
        break;
      }
      const int right = implied ? powered() : factor();
      if (right < 0) {
        left = back_to(before, left);
        break;
      }
      out_.ambiguous = out_.ambiguous || (implied && divided);
      divided = divided || op == Op::divide;
      left = make(op, left, right);
    }
    return left;
  }

  /// "20% of 50", "1/3 of 18", "\frac{1}{3} of 18".
  bool is_share_of() const {
    if (here() != Kind::word || tokens_[at_].text != "of" || at_ == 0) return false;
    if (kind(at_ + 1) != Kind::number && kind(at_ + 1) != Kind::money &&
        kind(at_ + 1) != Kind::open) {
      return false;
    }
    const Kind before = kind(at_ - 1);
    if (before == Kind::percent) return true;
    const bool fraction = before == Kind::number && at_ >= 2 && kind(at_ - 2) == Kind::slash;
    return fraction || (before == Kind::close && last_was_frac_);
  }

  bool spoken_operator(Op& op) {
    if (here() != Kind::word || kind(at_ + 1) != Kind::word || tokens_[at_ + 1].text != "by") {
      return false;
    }
    const std::string& word = tokens_[at_].text;
    if (word != "divided" && word != "multiplied") return false;
    op = word == "divided" ? Op::divide : Op::multiply;
    at_ += 2;
    return true;
  }

  /// What may follow an operand without a sign: 2(3), 2x, 2\sqrt{3}, (a)(b); not a number.
  bool begins_implied_factor() const {
    if (at_ == 0 || at_ >= tokens_.size()) return false;
    const MathToken& token = tokens_[at_];
    const Kind before = kind(at_ - 1);
    if (token.kind == Kind::variable || token.kind == Kind::sqrt || token.kind == Kind::frac ||
        token.kind == Kind::binom || token.kind == Kind::function) {
      return true;
    }
    if (token.kind != Kind::open) return false;
    // "5 (3 of them)" is a remark; "5(3)" and ")(" are products.
    return before == Kind::close || !token.space;
  }

  /// "f(3)", "P(x)": a value of a function rather than a product.
  bool applies(std::size_t name) const {
    if (kind(name + 1) != Kind::open || tokens_[name + 1].space) return false;
    constexpr std::string_view function_letters = "fghpqrsvwFGHPQRSTUVWCEN";
    constexpr std::array<std::string_view, 6> greek = {"phi",   "varphi", "psi",
                                                       "sigma", "tau",    "mu"};
    const std::string& text = tokens_[name].text;
    const bool letter = text.size() == 1 || text[1] == '_' || text[1] == '\'';
    return one_of(text, greek) ||
           (letter && function_letters.find(text[0]) != std::string_view::npos);
  }

  /// f(2), f(x, y): at most two arguments.
  int application() {
    const MathToken* name = &tokens_[at_];
    at_ += 2;
    const int first = sum();
    int second = -1;
    if (first >= 0 && here() == Kind::comma) {
      ++at_;
      second = sum();
      if (second < 0) return -1;
    }
    if (first < 0 || here() != Kind::close) return -1;
    ++at_;
    if (name->text == "C" && second >= 0) return make(Op::binomial, first, second);
    return make(Op::apply, first, second, name);
  }

  /// \sin^2 x, \log_2 8, \cos 20^\circ, gcd(12, 18).
  int function() {
    const MathToken* name = &tokens_[at_++];
    int exponent = -1;
    if (here() == Kind::caret) {
      ++at_;
      // \sin^{-1} is the inverse function, which has a name of its own.
      if (kind(at_) == Kind::minus || (kind(at_) == Kind::open && kind(at_ + 1) == Kind::minus))
        return -1;
      exponent = exponent_of();
      if (exponent < 0) return -1;
    }
    const bool bracket = here() == Kind::open && tokens_[at_].text == "(";
    const int node = bracket ? bracketed_argument(name) : bare_argument(name);
    if (node < 0) return -1;
    // \sin(x)^2 and \sin x/2 are read in two ways.
    out_.ambiguous =
        out_.ambiguous || (bracket && here() == Kind::caret) || (!bracket && here() == Kind::slash);
    return exponent < 0 ? node : make(Op::power, node, exponent);
  }

  int bracketed_argument(const MathToken* name) {
    ++at_;
    int node = sum();
    const bool pairs = name->text == "gcd" || name->text == "lcm";
    if (node >= 0 && !pairs) node = make(Op::function, node, -1, name);
    while (node >= 0 && pairs && here() == Kind::comma) {
      ++at_;
      const int next = sum();
      node = next < 0 ? -1 : make(Op::function, node, next, name);
    }
    if (node < 0 || here() != Kind::close) return -1;
    ++at_;
    return node;
  }

  /// 2x of \sin 2x \cos x; 20^\circ; \frac{\pi}{3}; |x|.
  int bare_argument(const MathToken* name) {
    int argument = powered();
    while (argument >= 0 &&
           (here() == Kind::variable || here() == Kind::sqrt || here() == Kind::frac)) {
      const int next = powered();
      argument = next < 0 ? -1 : make(Op::multiply, argument, next);
    }
    return argument < 0 ? -1 : make(Op::function, argument, -1, name);
  }

  int absolute() {
    ++at_;
    const int inner = sum();
    if (inner < 0 || here() != Kind::bar) return -1;
    ++at_;
    return make(Op::absolute, inner, -1);
  }

  int factor() {
    const Kind sign = here();
    if (sign == Kind::minus || sign == Kind::plus || sign == Kind::plus_minus) {
      if (++signs_ > 8) return -1;
      ++at_;
      const int inner = factor();
      if (inner < 0 || sign == Kind::plus) return inner;
      return make(sign == Kind::minus ? Op::negate : Op::plus_minus, inner);
    }
    signs_ = 0;
    return powered();
  }

  int powered() {
    int base = postfix();
    const int lowest = base;
    while (base >= 0 && here() == Kind::caret) {
      const std::size_t before = at_;
      ++at_;
      if (base != lowest && !is_degree_mark()) out_.ambiguous = true;  // 2^3^2
      if (takes_degree()) {
        base = make(Op::degrees, base);
        continue;
      }
      const int exponent = exponent_of();
      if (exponent < 0) return back_to(before, -1);
      base = make(Op::power, base, exponent);
    }
    return base;
  }

  bool is_degree_mark() const {
    return here() == Kind::degree || (here() == Kind::open && kind(at_ + 1) == Kind::degree);
  }

  /// ^\circ and ^{\circ}: a unit.
  bool takes_degree() {
    if (here() == Kind::degree) {
      ++at_;
      return true;
    }
    if (here() == Kind::open && kind(at_ + 1) == Kind::degree && kind(at_ + 2) == Kind::close) {
      at_ += 3;
      return true;
    }
    return false;
  }

  int exponent_of() {
    if (here() == Kind::open) return group();
    if (here() == Kind::minus) {
      ++at_;
      const int inner = here() == Kind::number ? make(Op::number, -1, -1, &tokens_[at_++]) : -1;
      return inner < 0 ? -1 : make(Op::negate, inner);
    }
    if (here() == Kind::number) return make(Op::number, -1, -1, &tokens_[at_++]);
    if (here() == Kind::variable) return make(Op::variable, -1, -1, &tokens_[at_++]);
    if (here() == Kind::frac) return fraction();
    return -1;
  }

  int postfix() {
    int node = primary();
    while (node >= 0) {
      if (here() == Kind::factorial && !tokens_[at_].space) {
        ++at_;
        node = make(Op::factorial, node);
      } else if (here() == Kind::percent) {
        ++at_;
        out_.units.emplace_back("%");
        node = make(Op::percent, node);
      } else if (here() == Kind::degree) {
        const std::string& mark = tokens_[at_++].text;
        const bool angle = mark == "circ" || mark == "degree" || mark == "\xC2\xB0";
        if (angle) node = make(Op::degrees, node);
      } else if (here() == Kind::money) {
        if (begins_number(at_ + 1)) break;  // the next operand's sign
        out_.units.emplace_back("$");
        ++at_;
      } else if (here() == Kind::choose) {
        ++at_;
        const int below = primary();
        if (below < 0) return -1;
        node = make(Op::binomial, node, below);
      } else if (!take_unit() && !take_remark()) {
        break;
      }
    }
    return node;
  }

  bool begins_number(std::size_t i) const { return kind(i) == Kind::number; }

  static bool ends_unit(Kind kind) {
    return kind == Kind::plus || kind == Kind::minus || kind == Kind::times ||
           kind == Kind::slash || kind == Kind::equals || kind == Kind::approx ||
           kind == Kind::close || kind == Kind::open;
  }

  /// Up to four words that belong to the number before them: an operator or relation follows.
  bool take_unit() {
    std::size_t i = at_;
    std::vector<std::string> words;
    // "$6/plate", "60 miles/hour", "5 dollars per hour"
    const bool per = kind(i) == Kind::slash && kind(i + 1) == Kind::word;
    if (per) ++i;
    while (kind(i) == Kind::word && words.size() < 4 && !joins(tokens_[i].text)) {
      words.push_back(tokens_[i++].text);
      const bool more = kind(i) == Kind::slash && kind(i + 1) == Kind::word;
      if (more) ++i;
    }
    if (words.empty()) return false;
    if (!per && (!ends_unit(kind(i)) || (kind(i) == Kind::open && !is_remark(i)))) return false;
    out_.units.insert(out_.units.end(), words.begin(), words.end());
    at_ = i;
    return true;
  }

  /// "(from the last trip)" after an operand.
  bool take_remark() {
    if (!is_remark(at_)) return false;
    std::size_t i = at_;
    while (kind(i) != Kind::close) ++i;
    const Kind next = kind(i + 1);
    if (!ends_unit(next) || next == Kind::open || next == Kind::slash) return false;
    at_ = i + 1;
    return true;
  }

  bool is_remark(std::size_t i) const {
    if (kind(i) != Kind::open || !tokens_[i].space || kind(i + 1) != Kind::word) return false;
    constexpr std::size_t longest = 12;
    for (std::size_t end = i + 1; end < i + longest; ++end) {
      if (kind(end) == Kind::close) return true;
      if (kind(end) == Kind::open || kind(end) == Kind::barrier || kind(end) == Kind::equals)
        return false;
    }
    return false;
  }

  int group() {
    if (here() != Kind::open) return -1;
    const std::string& mark = tokens_[at_].text;
    ++at_;
    const int inner = sum();
    if (inner < 0 || here() != Kind::close) return -1;
    ++at_;
    if (mark == "lfloor" || mark == "\xE2\x8C\x8A") return make(Op::floor, inner);
    if (mark == "lceil" || mark == "\xE2\x8C\x88") return make(Op::ceiling, inner);
    return inner;
  }

  /// One argument of \frac or \sqrt: a group, or a single digit (\frac12 is written as one number).
  int argument() {
    if (here() == Kind::open) return group();
    if (here() == Kind::number) return make(Op::number, -1, -1, &tokens_[at_++]);
    if (here() == Kind::variable) return make(Op::variable, -1, -1, &tokens_[at_++]);
    return -1;
  }

  int fraction() {
    const bool binomial = here() == Kind::binom;
    ++at_;
    const int above = argument();
    const int below = above < 0 ? -1 : argument();
    if (below < 0) return -1;
    last_was_frac_ = true;
    return make(binomial ? Op::binomial : Op::divide, above, below);
  }

  int square_root() {
    ++at_;
    int degree = -1;
    // \sqrt[3]{8}: the lexer reads '[' as an opening bracket, too.
    if (here() == Kind::open && tokens_[at_].text == "[") {
      degree = group();
      if (degree < 0) return -1;
    }
    const int inner = argument();
    return inner < 0 ? -1 : make(Op::root, inner, degree);
  }

  int primary() {
    last_was_frac_ = false;
    switch (here()) {
      case Kind::money:
        if (!begins_number(at_ + 1)) return -1;
        out_.units.emplace_back("$");
        ++at_;
        return number();
      case Kind::number:
        return number();
      case Kind::variable:
        if (applies(at_)) return application();
        return make(Op::variable, -1, -1, &tokens_[at_++]);
      case Kind::function:
        return function();
      case Kind::bar:
        return absolute();
      case Kind::open:
        return group();
      case Kind::frac:
      case Kind::binom:
        return fraction();
      case Kind::sqrt:
        return square_root();
      default:
        return -1;
    }
  }

  int number() {
    const int node = make(Op::number, -1, -1, &tokens_[at_++]);
    if (node < 0) return -1;
    const bool integer = tokens_[at_ - 1].decimals < 0;
    if (integer && here() == Kind::frac) {
      const std::size_t before = at_;
      const int part = fraction();
      if (part < 0) return back_to(before, node);
      return make(Op::mixed, node, part);
    }
    // "2 1/2"
    if (integer && here() == Kind::number && tokens_[at_].space && tokens_[at_].decimals < 0 &&
        kind(at_ + 1) == Kind::slash && kind(at_ + 2) == Kind::number &&
        tokens_[at_].value < tokens_[at_ + 2].value) {
      const int above = make(Op::number, -1, -1, &tokens_[at_]);
      const int below = make(Op::number, -1, -1, &tokens_[at_ + 2]);
      if (above < 0 || below < 0) return -1;
      at_ += 3;
      return make(Op::mixed, node, make(Op::divide, above, below));
    }
    return node;
  }

  std::span<const MathToken> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int signs_ = 0;
  bool last_was_frac_ = false;
  Expression out_;
};

}  // namespace

std::optional<Expression> parse_expression(std::span<const MathToken> tokens, std::size_t begin) {
  return Parser(tokens).run(begin);
}

}  // namespace assay::chain
