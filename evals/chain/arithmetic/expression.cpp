#include "evals/chain/arithmetic/expression.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace assay::chain {
namespace {

using Kind = MathToken::Kind;
using Op = Expression::Op;
using Node = Expression::Node;

/// Words that join sentences or compare: never a unit.
constexpr std::array<std::string_view, 62> joining_words = {
    "and",    "or",        "so",    "then", "which",  "is",      "are",        "if",      "than",
    "more",   "less",      "from",  "of",   "we",     "because", "since",      "where",   "when",
    "with",   "that",      "the",   "to",   "by",     "in",      "on",         "at",      "but",
    "as",     "was",       "were",  "has",  "have",   "had",     "gives",      "makes",   "equal",
    "leaves", "left",      "be",    "not",  "thus",   "hence",   "therefore",  "now",     "there",
    "it",     "this",      "these", "i",    "you",    "over",    "fewer",      "greater", "twice",
    "half",   "remainder", "out",   "into", "yields", "divided", "multiplied", "squared"};

bool joins(const std::string& word) {
  return std::find(joining_words.begin(), joining_words.end(), word) != joining_words.end();
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
      if (sign != Kind::plus && sign != Kind::minus && sign != Kind::modulo) break;
      ++at_;
      const int right = term();
      if (right < 0) {
        left = back_to(before, left);
        break;
      }
      left = make(sign == Kind::plus    ? Op::add
                  : sign == Kind::minus ? Op::subtract
                                        : Op::modulo,
                  left, right);
    }
    --depth_;
    return left;
  }

  int term() {
    int left = factor();
    bool divided = false;
    while (left >= 0) {
      const std::size_t before = at_;
      Op op = Op::multiply;
      bool implied = false;
      if (here() == Kind::times || here() == Kind::slash) {
        op = here() == Kind::times ? Op::multiply : Op::divide;
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
      out_.ambiguous = out_.ambiguous || (implied && divided) || (implied && applies(before));
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
        token.kind == Kind::binom) {
      return true;
    }
    if (token.kind != Kind::open) return false;
    // "5 (3 of them)" is a remark; "5(3)" and ")(" are products.
    return before == Kind::close || !token.space;
  }

  /// "f(3)", "P(x)": a value of a function rather than a product.
  bool applies(std::size_t bracket) const {
    if (kind(bracket) != Kind::open || kind(bracket - 1) != Kind::variable) return false;
    constexpr std::string_view function_letters = "fghpqrsvwFGHPQRSTUVWCEN";
    const std::string& name = tokens_[bracket - 1].text;
    return name.size() > 1 || function_letters.find(name[0]) != std::string_view::npos;
  }

  int factor() {
    if (here() == Kind::minus || here() == Kind::plus) {
      if (++signs_ > 8) return -1;
      const bool minus = here() == Kind::minus;
      ++at_;
      const int inner = factor();
      if (inner < 0) return -1;
      return minus ? make(Op::negate, inner) : inner;
    }
    signs_ = 0;
    return powered();
  }

  int powered() {
    int base = postfix();
    while (base >= 0 && here() == Kind::caret) {
      const std::size_t before = at_;
      ++at_;
      if (takes_degree()) continue;
      const int exponent = exponent_of();
      if (exponent < 0) return back_to(before, -1);
      base = make(Op::power, base, exponent);
    }
    return base;
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
        ++at_;
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
    ++at_;
    const int inner = sum();
    if (inner < 0 || here() != Kind::close) return -1;
    ++at_;
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
    // \frac12: two digits run together are two arguments, which this does not read.
    if (here() == Kind::number && kind(at_ + 1) != Kind::open && kind(at_ + 1) != Kind::number)
      return -1;
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
        return make(Op::variable, -1, -1, &tokens_[at_++]);
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

const MathToken* Expression::literal() const {
  int at = root;
  while (at >= 0) {
    const Node& node = nodes[static_cast<std::size_t>(at)];
    if (node.op == Op::number) return node.token;
    if (node.op != Op::negate && node.op != Op::percent) return nullptr;
    at = node.a;
  }
  return nullptr;
}

std::set<std::string> Expression::variables() const {
  std::set<std::string> names;
  for (const Node& node : nodes) {
    if (node.op == Op::variable && node.token->text != "pi") names.insert(node.token->text);
  }
  return names;
}

std::optional<Expression> parse_expression(std::span<const MathToken> tokens, std::size_t begin) {
  return Parser(tokens).run(begin);
}

}  // namespace assay::chain
