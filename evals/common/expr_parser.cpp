#include "evals/common/expr_parser.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "evals/common/answer_words.h"

namespace assay::evals {
namespace {

using Kind = AnswerToken::Kind;
using Op = MathExpr::Op;

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> set) {
  return std::find(set.begin(), set.end(), text) != set.end();
}

bool is_integer_literal(const MathExpr& expr) {
  return expr.op == Op::number && expr.decimals < 0 && !expr.scientific &&
         expr.value.get_den() == 1;
}

class Parser {
 public:
  Parser(AnswerTokens tokens, ExprNotation notation) : tokens_(tokens), notation_(notation) {}

  std::optional<ExprReading> run() {
    if (tokens_.empty()) return std::nullopt;
    ExprReading reading;
    std::optional<MathExpr> expr = sum();
    reading.over_budget = over_budget_;
    if (!expr && !over_budget_) return std::nullopt;
    if (expr) reading.expr = std::move(*expr);
    reading.used = at_;
    reading.incomplete = incomplete_;
    return reading;
  }

 private:
  using Parsed = std::optional<MathExpr>;

  /// Counts how deep the calls are: beyond the budget everything fails.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > max_expr_depth) parser_.over_budget_ = true;
    }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  const AnswerToken* peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? &tokens_[at_ + ahead] : nullptr;
  }
  bool sees(std::string_view text, std::size_t ahead = 0) const {
    const AnswerToken* token = peek(ahead);
    return token != nullptr && token->text == text && token->kind != Kind::word;
  }
  bool sees(Kind kind, std::size_t ahead = 0) const {
    const AnswerToken* token = peek(ahead);
    return token != nullptr && token->kind == kind;
  }
  bool take(std::string_view text) {
    if (!sees(text)) return false;
    ++at_;
    return true;
  }
  bool take(Kind kind) {
    if (!sees(kind)) return false;
    ++at_;
    return true;
  }

  Parsed hole() {
    incomplete_ = true;
    return make_expr(Op::hole, {});
  }

  Parsed combined(Op op, Parsed left, Parsed right) {
    if (!left || !right) return std::nullopt;
    if (op == Op::multiply && left->op == op) {
      left->args.push_back(std::move(*right));
      return left;
    }
    std::vector<MathExpr> args;
    args.push_back(std::move(*left));
    args.push_back(std::move(*right));
    return make_expr(op, std::move(args));
  }

  static Parsed unary(Op op, Parsed operand) {
    if (!operand) return std::nullopt;
    std::vector<MathExpr> args;
    args.push_back(std::move(*operand));
    return make_expr(op, std::move(args));
  }

  // --- sums and products ---

  /// The sign at this place, taken: the operation it stands for.
  std::optional<Op> take_sign() {
    if (take("+")) return Op::add;
    if (take("-")) return Op::negate;
    if (take("\\pm")) return Op::plus_minus;
    if (take("\\mp")) return Op::minus_plus;
    return std::nullopt;
  }

  Parsed sum() {
    const Level level(*this);
    if (over_budget_) return std::nullopt;
    Parsed left;
    while (peek() != nullptr) {
      const std::size_t before = at_;
      const std::optional<Op> sign = take_sign();
      if (!sign && left) break;
      Parsed term = signed_product();
      if (!term) {
        // "x + \text{const}", "5 -": the sign belongs to what is no expression.
        if (left && !over_budget_) at_ = before;
        return left && !over_budget_ ? left : std::nullopt;
      }
      if (sign && *sign != Op::add) term = unary(*sign, std::move(term));
      left = left ? combined_sum(std::move(left), std::move(term)) : std::move(term);
    }
    return left;
  }

  static Parsed combined_sum(Parsed left, Parsed term) {
    if (left->op == Op::add) {
      left->args.push_back(std::move(*term));
      return left;
    }
    std::vector<MathExpr> args;
    args.push_back(std::move(*left));
    args.push_back(std::move(*term));
    return make_expr(Op::add, std::move(args));
  }

  /// A product that may begin with more signs: --5, \cdot -3.
  Parsed signed_product() {
    int negations = 0;
    while (sees("-") || sees("+")) negations += take("-") ? 1 : (take("+"), 0);
    if (sees("\\pm") || sees("\\mp")) {
      const std::optional<Op> sign = take_sign();
      return unary(*sign, product());
    }
    Parsed result = product();
    return negations % 2 != 0 ? unary(Op::negate, std::move(result)) : std::move(result);
  }

  Parsed product() {
    Parsed left = factor();
    while (left && !over_budget_) {
      if (sees("*") || is_times_letter()) {
        ++at_;
        left = times(std::move(left), signed_factor());
      } else if (take("/")) {
        left = combined(Op::divide, std::move(left), signed_factor());
      } else if (starts_factor()) {
        left = times(std::move(left), factor());
      } else {
        break;
      }
    }
    return left;
  }

  Parsed signed_factor() {
    int negations = 0;
    while (sees("-") || sees("+")) negations += take("-") ? 1 : (take("+"), 0);
    Parsed result = factor();
    return negations % 2 != 0 ? unary(Op::negate, std::move(result)) : std::move(result);
  }

  /// The x of "4.5 x 10^{33}".
  bool is_times_letter() const {
    return sees(Kind::word) && (peek()->text == "x" || peek()->text == "X") && at_ > 0 &&
           tokens_[at_ - 1].kind == Kind::number && sees("10", 1) && sees("^", 2);
  }

  /// A product; 4.5 times a power of ten is one number.
  Parsed times(Parsed left, Parsed right) {
    if (!left || !right) return std::nullopt;
    if (left->op == Op::number && !left->scientific && right->op == Op::power &&
        right->args[0].op == Op::number && right->args[0].value == 10) {
      const MathExpr* exponent = &right->args[1];
      const bool negative = exponent->op == Op::negate;
      if (negative) exponent = &exponent->args[0];
      if (is_integer_literal(*exponent) && exponent->value <= 9999) {
        const long power = exponent->value.get_num().get_si() * (negative ? -1 : 1);
        return scaled(std::move(*left), power);
      }
    }
    return combined(Op::multiply, std::move(left), std::move(right));
  }

  static Parsed scaled(MathExpr number, long power) {
    mpz_class scale;
    mpz_ui_pow_ui(scale.get_mpz_t(), 10, static_cast<unsigned long>(std::labs(power)));
    if (power >= 0) {
      number.value *= scale;
    } else {
      number.value /= scale;
    }
    number.decimals = std::max(number.decimals, 0) - static_cast<int>(power);
    number.scientific = true;
    return number;
  }

  // --- factors ---

  /// Whether an implied product goes on here.
  bool starts_factor() const {
    const AnswerToken* token = peek();
    if (token == nullptr) return false;
    switch (token->kind) {
      case Kind::number:
        return at_ > 0 && tokens_[at_ - 1].kind != Kind::number && !token->in_text;
      case Kind::group_open:
        return !token->in_text && !sees(Kind::group_close, 1);
      case Kind::word:
        return starts_word_factor(*token);
      case Kind::command:
        return is_operand_command(token->text);
      case Kind::symbol:
        return token->text == "(" || token->text == "[" ||
               (token->text == "|" && bars_ == 0 && at_ + 1 < tokens_.size());
      default:
        return false;
    }
  }

  bool starts_word_factor(const AnswerToken& token) const {
    if (!function_named(token.text).empty()) return !token.in_text || sees("(", 1) || sees("^", 1);
    if (token.in_text) return token.text == "e" || token.text == "i";
    if (!constant_named(token.text).empty() || !greek_named(token.text).empty()) return true;
    if (is_text_word(at_)) return false;
    // 5cm, 20 km: a unit behind a number; kg alone would be k times g.
    const bool behind_number = at_ > 0 && (tokens_[at_ - 1].kind == Kind::number ||
                                           tokens_[at_ - 1].kind == Kind::close);
    return token.text.size() == 1 || !behind_number || unit_named(token.text).empty();
  }

  /// A word of a language. Short ones (it, is, so) are products inside braces or glued to a formula.
  bool is_text_word(std::size_t place) const {
    const AnswerToken& token = tokens_[place];
    if (!is_plain_word(token.text)) return false;
    const bool glued = place > 0 && !token.blank_before && tokens_[place - 1].kind != Kind::word;
    return token.text.size() > 3 || !glued;
  }

  static bool is_operand_command(const std::string& text) {
    if (is_one_of(text, {"\\frac", "\\sqrt", "\\binom", "\\infty", "\\lfloor", "\\lceil",
                         "\\overline", "\\overrightarrow", "\\vec", "\\hat", "\\bar", "\\tilde",
                         "\\dot", "\\ddot", "\\mathbb", "\\angle", "\\triangle", "\\ell", "\\hbar",
                         "\\partial", "\\nabla", "\\dots", "\\int", "\\sum", "\\prod", "\\lim",
                         "\\aleph", "\\emptyset", "\\odot", "\\star", "\\square"})) {
      return true;
    }
    return text.size() > 1 && (!function_named(text).empty() || !constant_named(text).empty() ||
                               !greek_named(std::string_view(text).substr(1)).empty());
  }

  /// A primary with its subscripts, powers, primes, factorials and degrees.
  Parsed factor() {
    const Level level(*this);
    if (over_budget_) return std::nullopt;
    Parsed base = primary();
    while (base && !over_budget_) {
      if (take("^")) {
        base = raised(std::move(base));
      } else if (sees("_") && base->op == Op::power && base->args[0].op == Op::symbol) {
        ++at_;
        base->args[0].name += subscript();  // v^2_0
      } else if (sees("!") && sees("!", 1)) {
        at_ += 2;
        base = named("factorial2", std::move(base));
      } else if (take("!")) {
        base = unary(Op::factorial, std::move(base));
      } else if (take("\\degree")) {
        base = unary(Op::degrees, std::move(base));
      } else if (take("\\%") || take("%")) {
        base = unary(Op::percent, std::move(base));
      } else {
        break;
      }
    }
    return base;
  }

  static Parsed named(const char* function, Parsed argument) {
    if (!argument) return std::nullopt;
    std::vector<MathExpr> args;
    args.push_back(std::move(*argument));
    return make_function(function, std::move(args));
  }

  Parsed raised(Parsed base) {
    if (sees(Kind::open) && sees("*", 1) && sees(Kind::close, 2) && base->op == Op::symbol) {
      at_ += 3;  // x^* is a name
      base->name += "*";
      return base;
    }
    Parsed exponent = exponent_value();
    return combined(Op::power, std::move(base), std::move(exponent));
  }

  Parsed exponent_value() {
    if (sees(Kind::open)) return braced();
    return signed_factor();  // x^-1, x**(1/2)
  }

  /// The name of the subscript behind a '_': "_{n}".
  std::string subscript() {
    std::string name = "_{";
    if (sees(Kind::open)) {
      int depth = 0;
      do {
        if (sees(Kind::open)) ++depth;
        if (sees(Kind::close)) --depth;
        const bool brace = peek()->kind == Kind::open || peek()->kind == Kind::close ||
                           peek()->kind == Kind::group_open || peek()->kind == Kind::group_close;
        if (!brace) name += peek()->text;
        ++at_;
      } while (depth > 0 && peek() != nullptr);
    } else if (peek() != nullptr) {
      name += peek()->text;
      ++at_;
    }
    return name + "}";
  }

  // --- primaries ---

  Parsed primary() {
    const AnswerToken* token = peek();
    if (token == nullptr) return at_ > 0 ? hole() : std::nullopt;
    switch (token->kind) {
      case Kind::number:
        return number();
      case Kind::word:
        return word();
      case Kind::command:
        return command();
      case Kind::group_open:
        if (token->in_text) return std::nullopt;
        ++at_;
        return enclosed(Kind::group_close);
      case Kind::symbol:
        return bracket();
      case Kind::close:
      case Kind::group_close:
        return at_ > 0 ? hole() : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  /// A sum up to the closing token, which is taken; {a \over b} and {n \choose k} too.
  Parsed enclosed(Kind closing) {
    if (take(closing)) return hole();
    const int bars = std::exchange(bars_, 0);
    Parsed inner = sum();
    if (take("\\over")) inner = combined(Op::divide, std::move(inner), sum());
    if (take("\\choose")) {
      inner = combined(Op::divide, std::move(inner), sum());
      if (inner) inner = make_function("binomial", std::move(inner->args));
    }
    bars_ = bars;
    if (!inner || !take(closing)) return std::nullopt;
    return inner;
  }

  /// An argument in braces, or one factor where the braces are missing.
  Parsed braced() {
    if (take(Kind::open)) return enclosed(Kind::close);
    return factor();
  }

  Parsed bracket() {
    const std::string& text = peek()->text;
    if (text == "(" || text == "[") {
      ++at_;
      const int bars = std::exchange(bars_, 0);
      Parsed inner = sum();
      bars_ = bars;
      if (!inner || !(take(")") || take("]"))) return std::nullopt;
      return inner;
    }
    if (text == "|" || text == "\\|") {
      ++at_;
      ++bars_;
      Parsed inner = sum();
      --bars_;
      if (!inner || !(take("|") || take("\\|"))) return std::nullopt;
      return named("abs", std::move(inner));
    }
    const bool missing = is_one_of(text, {"^", "_", "/", "*", "!", ")", "]"});
    return missing && (at_ > 0 || text == "^" || text == "/") ? hole() : std::nullopt;
  }

  Parsed number() {
    const std::string text = peek()->text;
    ++at_;
    if (take("_")) return in_base(text);
    Parsed literal = read_literal(text);
    if (!literal) {
      over_budget_ = true;
      return std::nullopt;
    }
    if (sees("\\overline") || sees("\\bar") || sees("\\dot")) return repeating(text);
    return is_integer_literal(*literal) ? mixed(std::move(*literal)) : std::move(literal);
  }

  /// 204_5
  Parsed in_base(const std::string& digits) {
    const std::string base = subscript();
    const std::string_view name = std::string_view(base).substr(2, base.size() - 3);
    std::optional<int> value = numeral_named(lower_case(name));
    if (!value && name.size() < 3 && !name.empty() &&
        name.find_first_not_of("0123456789") == std::string_view::npos) {
      value = std::stoi(std::string(name));
    }
    if (!value || digits.size() > max_literal_digits) return std::nullopt;
    const std::optional<mpz_class> number = read_digits(digits, *value);
    if (!number) return std::nullopt;
    return make_number(*number);
  }

  /// 0.1\overline{6}
  Parsed repeating(const std::string& text) {
    const std::size_t point = text.find('.');
    if (point == std::string::npos || !sees(Kind::open, 1) || !sees(Kind::number, 2) ||
        !sees(Kind::close, 3) || peek(2)->text.find_first_of(".e") != std::string::npos) {
      return read_literal(text);
    }
    const std::string period = peek(2)->text;
    const std::size_t fixed = text.size() - point - 1;
    if (text.size() + period.size() > max_literal_digits) return std::nullopt;
    at_ += 4;
    mpz_class scale;
    mpz_ui_pow_ui(scale.get_mpz_t(), 10, fixed);
    mpz_class nines;
    mpz_ui_pow_ui(nines.get_mpz_t(), 10, period.size());
    std::string digits = text;
    digits.erase(point, 1);
    mpq_class value(mpz_class(digits.empty() ? "0" : digits, 10), scale);
    value.canonicalize();
    mpq_class tail(mpz_class(period, 10), (nines - 1) * scale);
    tail.canonicalize();
    return make_number(value + tail);
  }

  /// 3\frac{1}{2} and 3 1/2, if a proper fraction stands behind the integer.
  Parsed mixed(MathExpr whole) {
    const auto digits_at = [&](std::size_t ahead) -> std::optional<mpz_class> {
      if (!sees(Kind::number, ahead)) return std::nullopt;
      const std::optional<MathExpr> literal = read_literal(peek(ahead)->text);
      if (!literal || !is_integer_literal(*literal)) return std::nullopt;
      return literal->value.get_num();
    };
    std::optional<mpz_class> numerator;
    std::optional<mpz_class> denominator;
    std::size_t length = 0;
    if (sees("\\frac") && sees(Kind::open, 1) && sees(Kind::close, 3) && sees(Kind::open, 4) &&
        sees(Kind::close, 6)) {
      numerator = digits_at(2);
      denominator = digits_at(5);
      length = 7;
    } else if (sees(Kind::number) && peek()->blank_before && sees("/", 1)) {
      numerator = digits_at(0);
      denominator = digits_at(2);
      length = 3;
    }
    if (!numerator || !denominator || *numerator <= 0 || *numerator >= *denominator) return whole;
    at_ += length;
    mpq_class part(*numerator, *denominator);
    part.canonicalize();
    return make_number(whole.value + part);
  }

  // --- words and commands ---

  Parsed word() {
    const AnswerToken token = *peek();
    if (is_one_of(token.text, {"np", "math", "sp", "sympy", "numpy"}) && sees(".", 1)) {
      at_ += 2;  // np.arcsin
      return peek() != nullptr ? primary() : std::nullopt;
    }
    if (const std::string_view name = function_named(token.text); !name.empty()) {
      const bool called = sees("(", 1) || !token.in_text || sees("^", 1) || sees("_", 1) ||
                          sees(Kind::number, 1);
      if (called) {
        ++at_;
        return function(std::string(name));
      }
    }
    if (const std::string_view name = constant_named(token.text); !name.empty()) {
      ++at_;
      return make_constant(std::string(name));
    }
    if (const std::string_view name = greek_named(token.text); !name.empty()) {
      ++at_;
      return symbol(std::string(name));
    }
    if (token.in_text && token.text.size() > 1) return std::nullopt;
    if (token.text.size() == 1) {
      ++at_;
      return letter(token.text);
    }
    if (is_text_word(at_)) return std::nullopt;
    return letters(token.text);
  }

  /// A run of letters that is no word: a product, the last letter of which takes the subscript.
  Parsed letters(const std::string& run) {
    for (const std::string_view prefix : {"sin", "cos", "tan", "ln", "log", "exp"}) {
      if (run.size() != prefix.size() + 1 || !run.starts_with(prefix)) continue;
      ++at_;
      return named(std::string(function_named(prefix)).c_str(), letter(run.substr(prefix.size())));
    }
    const bool segment = std::all_of(run.begin(), run.end(), [](char c) { return c <= 'Z'; });
    ++at_;
    if (segment && run.size() > 3) return make_symbol(run);  // ABCD names a figure
    Parsed product;
    for (std::size_t i = 0; i < run.size(); ++i) {
      Parsed next = i + 1 < run.size() ? plain_letter(run.substr(i, 1)) : letter(run.substr(i));
      // rs^2 is r times s^2.
      if (i + 1 == run.size() && sees("^") && next) {
        ++at_;
        next = raised(std::move(next));
      }
      product = product ? combined(Op::multiply, std::move(product), std::move(next))
                        : std::move(next);
    }
    return product;
  }

  Parsed plain_letter(const std::string& name) const {
    if (name == "i" || (notation_.python && name == "I")) return make_constant("i");
    if (name == "e" || (notation_.python && name == "E")) return make_constant("e");
    return make_symbol(name);
  }

  Parsed letter(const std::string& name) {
    if (sees("_") || sees("'")) return symbol(name);
    if (sees("(") && is_application(name)) return application(name);
    if (sees("^") && is_one_of(name, {"f", "g", "h"}) && sees("-", 2) && sees("1", 3) &&
        sees("(", 5)) {
      at_ += 5;  // f^{-1}(x)
      return application(name + "^{-1}");
    }
    return plain_letter(name);
  }

  /// f(x) is a function's value, x(x+1) a product; a comma inside makes it a function's value.
  bool is_application(const std::string& name) const {
    if (is_one_of(name, {"f", "g", "h", "F", "G"})) return true;
    int depth = 0;
    for (std::size_t i = at_; i < tokens_.size(); ++i) {
      const std::string& text = tokens_[i].text;
      if (text == "(" || text == "[") ++depth;
      if ((text == ")" || text == "]") && --depth == 0) return false;
      if (text == "," && depth == 1) return true;
    }
    return false;
  }

  Parsed application(const std::string& name) {
    std::optional<std::vector<MathExpr>> args = arguments();
    if (!args) return std::nullopt;
    if ((name == "C" || name == "nCr") && args->size() == 2) {
      return make_function("binomial", std::move(*args));
    }
    MathExpr expr = make_expr(Op::apply, std::move(*args));
    expr.name = name;
    return expr;
  }

  /// A name with its subscript and primes; called like a function if a known letter is.
  Parsed symbol(std::string name) {
    while (true) {
      if (take("_")) {
        name += subscript();
      } else if (take("'")) {
        name += "'";
      } else {
        break;
      }
    }
    const bool primed = name.ends_with("'");
    if (sees("(") && (primed || is_one_of(name.substr(0, 1), {"f", "g", "h"}) ||
                      is_application(name))) {
      return application(name);
    }
    return make_symbol(std::move(name));
  }

  Parsed command() {
    const std::string text = peek()->text;
    if (text == "\\pm" || text == "\\mp") return signed_product();
    if (!is_operand_command(text)) return std::nullopt;
    ++at_;
    if (text == "\\frac") {
      Parsed numerator = braced();
      Parsed denominator = braced();
      return combined(Op::divide, std::move(numerator), std::move(denominator));
    }
    if (text == "\\binom") return binomial();
    if (text == "\\lfloor" || text == "\\lceil") return rounded(text);
    if (const std::string_view name = function_named(text); !name.empty()) {
      return function(std::string(name));
    }
    if (const std::string_view name = constant_named(text); !name.empty()) {
      return make_constant(std::string(name));
    }
    if (is_one_of(text, {"\\int", "\\sum", "\\prod", "\\lim"})) incomplete_ = true;
    if (is_one_of(text, {"\\angle", "\\triangle"}) && sees(Kind::word)) {
      ++at_;
      return make_symbol(text + " " + tokens_[at_ - 1].text);
    }
    if (sees(Kind::open) && !is_one_of(text, {"\\angle", "\\triangle"})) {
      std::string name = subscript();  // the argument of \vec, \overline, \mathbb, as a name
      return symbol(text + name.substr(1));
    }
    return symbol(text);
  }

  Parsed binomial() {
    Parsed top = braced();
    Parsed bottom = braced();
    Parsed both = combined(Op::divide, std::move(top), std::move(bottom));
    if (!both) return std::nullopt;
    return make_function("binomial", std::move(both->args));
  }

  Parsed rounded(const std::string& opening) {
    const int bars = std::exchange(bars_, 0);
    Parsed inner = sees("/") || sees("*") ? hole() : sum();
    if (inner && inner->op == Op::hole) inner = product_behind(std::move(inner));
    bars_ = bars;
    const bool floor = opening == "\\lfloor";
    if (!take(floor ? "\\rfloor" : "\\rceil")) return std::nullopt;
    return named(floor ? "floor" : "ceil", std::move(inner));
  }

  /// "/2" behind a missing operand.
  Parsed product_behind(Parsed left) {
    while (left && (sees("/") || sees("*"))) {
      const Op op = sees("/") ? Op::divide : Op::multiply;
      ++at_;
      left = combined(op, std::move(left), signed_factor());
    }
    return left;
  }

  // --- functions ---

  Parsed function(const std::string& name) {
    const Level level(*this);
    if (over_budget_) return std::nullopt;
    if (name == "sqrt" || name == "cbrt" || name == "root") return root(name);
    Parsed base;
    Parsed power;
    while (sees("_") || sees("^")) {
      const bool is_base = take("_");
      if (!is_base) ++at_;
      (is_base ? base : power) = exponent_value();
      if (!(is_base ? base : power)) return std::nullopt;
    }
    std::optional<std::vector<MathExpr>> args = function_arguments(name);
    if (!args || args->empty()) return std::nullopt;
    Parsed value = applied(name, std::move(*args), std::move(base), power);
    if (!value || !power) return value;
    return combined(Op::power, std::move(value), std::move(power));
  }

  /// The function of its arguments; `power` is used up where it is the -1 of an inverse.
  static Parsed applied(std::string name, std::vector<MathExpr> args, Parsed base, Parsed& power) {
    if (power && power->op == Op::negate && power->args[0].op == Op::number &&
        power->args[0].value == 1 && is_known_function("arc" + name)) {
      name = "arc" + name;
      power.reset();
    }
    if (name == "exp") {
      std::vector<MathExpr> both;
      both.push_back(make_constant("e"));
      both.push_back(std::move(args[0]));
      return make_expr(Op::power, std::move(both));
    }
    if (name == "factorial") return make_expr(Op::factorial, std::move(args));
    if (name == "divide") {
      if (args.size() == 1) return std::move(args[0]);
      return make_expr(Op::divide, std::move(args));
    }
    if (name == "lg") {
      name = "log";
      base = make_number(10);
    }
    if (base) args.push_back(std::move(*base));
    return make_function(std::move(name), std::move(args));
  }

  std::optional<std::vector<MathExpr>> function_arguments(const std::string& name) {
    if (sees("(") || sees("[")) return arguments();
    std::vector<MathExpr> args;
    Parsed argument;
    if (sees(Kind::open) || sees(Kind::group_open)) {
      const Kind closing = sees(Kind::open) ? Kind::close : Kind::group_close;
      ++at_;
      argument = enclosed(closing);
      // \sin{x}(…) would be a product; \log{2}3 too.
    } else {
      argument = bare_argument(name);
    }
    if (!argument) return std::nullopt;
    args.push_back(std::move(*argument));
    return args;
  }

  /// "(a, b)"
  std::optional<std::vector<MathExpr>> arguments() {
    ++at_;
    const int bars = std::exchange(bars_, 0);
    std::vector<MathExpr> args;
    do {
      Parsed argument = sum();
      if (!argument) return std::nullopt;
      args.push_back(std::move(*argument));
    } while (take(","));
    bars_ = bars;
    if (!take(")") && !take("]")) return std::nullopt;
    return args;
  }

  /// 2x of "\sin 2x \cos y": the implied product up to the next function or bracket.
  Parsed bare_argument(const std::string& name) {
    const bool negative = take("-");
    Parsed argument = factor();
    bool has_pi = argument && has_constant_pi(*argument);
    while (argument && starts_factor() && !starts_function()) {
      if ((sees("(") || sees("[")) && argument->op != Op::number) break;
      Parsed next = factor();
      has_pi = has_pi || (next && has_constant_pi(*next));
      argument = combined(Op::multiply, std::move(argument), std::move(next));
    }
    // \cos 2\pi/3 is the cosine of a third of a turn; \ln 2/3 stays a third of a logarithm.
    if (argument && has_pi && name != "ln" && name != "log" && sees("/") &&
        sees(Kind::number, 1)) {
      ++at_;
      argument = combined(Op::divide, std::move(argument), factor());
    }
    return negative ? unary(Op::negate, std::move(argument)) : std::move(argument);
  }

  static bool has_constant_pi(const MathExpr& expr) {
    return (expr.op == Op::constant && expr.name == "pi") ||
           std::any_of(expr.args.begin(), expr.args.end(), has_constant_pi);
  }

  bool starts_function() const {
    const AnswerToken* token = peek();
    if (token->kind != Kind::word && token->kind != Kind::command) return false;
    const std::string_view name = function_named(token->text);
    return !name.empty() && name != "sqrt";
  }

  Parsed root(const std::string& name) {
    Parsed index = make_number(name == "cbrt" ? 3 : 2);
    if (sees("[")) {
      ++at_;
      index = sum();
      if (!index || !take("]")) return std::nullopt;
    }
    Parsed radicand;
    if (sees("(")) {
      std::optional<std::vector<MathExpr>> args = arguments();
      if (!args) return std::nullopt;
      if (args->size() > 1) index = std::move((*args)[1]);
      radicand = std::move((*args)[0]);
    } else {
      if (peek() == nullptr) return std::nullopt;
      radicand = braced();
    }
    return combined(Op::root, std::move(radicand), std::move(index));
  }

  AnswerTokens tokens_;
  ExprNotation notation_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int bars_ = 0;  ///< |...| that are open
  bool incomplete_ = false;
  bool over_budget_ = false;
};

}  // namespace

std::optional<ExprReading> read_expr(AnswerTokens tokens, ExprNotation notation) {
  return Parser(tokens, notation).run();
}

}  // namespace assay::evals
