// Sums, products, powers and brackets.
#include "evals/common/expr_reader.h"

namespace assay::evals {
using Op = MathExpr::Op;
using TokenKind = AnswerToken::Kind;

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> set) {
  return std::find(set.begin(), set.end(), text) != set.end();
}

bool is_integer_literal(const MathExpr& expr) {
  return expr.op == Op::number && expr.decimals < 0 && !expr.scientific &&
         expr.value.get_den() == 1;
}

std::optional<ExprReading> ExprReader::run() {
  if (tokens_.empty()) return std::nullopt;
  ExprReading reading;
  std::optional<MathExpr> expr = infix_sum();
  reading.over_budget = over_budget_;
  if (!expr && !over_budget_) return std::nullopt;
  if (expr) reading.expr = std::move(*expr);
  reading.used = at_;
  reading.incomplete = incomplete_;
  return reading;
}

MaybeExpr ExprReader::combined(Op op, MaybeExpr left, MaybeExpr right) {
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

MaybeExpr ExprReader::unary(Op op, MaybeExpr operand) {
  if (!operand) return std::nullopt;
  std::vector<MathExpr> args;
  args.push_back(std::move(*operand));
  return make_expr(op, std::move(args));
}

std::optional<Op> ExprReader::take_sign() {
  if (take("+")) return Op::add;
  if (take("-")) return Op::negate;
  if (take("\\pm")) return Op::plus_minus;
  if (take("\\mp")) return Op::minus_plus;
  return std::nullopt;
}

MaybeExpr ExprReader::sum() {
  const Level level(*this);
  if (over_budget_) return std::nullopt;
  MaybeExpr left;
  while (peek() != nullptr) {
    const std::size_t before = at_;
    const std::optional<Op> sign = take_sign();
    if (!sign && left) break;
    MaybeExpr term = signed_product();
    if (!term) {
      // "x + \text{const}", "5 -": the sign belongs to what is no expression.
      if (left && !over_budget_) at_ = before;
      return left && !over_budget_ ? left : std::nullopt;
    }
    if (sign && *sign != Op::add) term = unary(*sign, std::move(term));
    if (left) {
      left = combined_sum(std::move(left), std::move(term));
    } else {
      left = std::move(term);
    }
  }
  return left;
}

MaybeExpr ExprReader::combined_sum(MaybeExpr left, MaybeExpr term) {
  if (left->op == Op::add) {
    left->args.push_back(std::move(*term));
    return left;
  }
  std::vector<MathExpr> args;
  args.push_back(std::move(*left));
  args.push_back(std::move(*term));
  return make_expr(Op::add, std::move(args));
}

MaybeExpr ExprReader::infix_sum() {
  MaybeExpr left = sum();
  if (take("\\over")) return combined(Op::divide, std::move(left), sum());
  if (!take("\\choose")) return left;
  MaybeExpr both = combined(Op::divide, std::move(left), sum());
  if (!both) return std::nullopt;
  return make_function("binomial", std::move(both->args));
}

MaybeExpr ExprReader::signed_product() {
  int negations = 0;
  while (sees("-") || sees("+")) negations += take("-") ? 1 : (take("+"), 0);
  if (sees("\\pm") || sees("\\mp")) {
    const std::optional<Op> sign = take_sign();
    return unary(*sign, product());
  }
  MaybeExpr result = product();
  return negations % 2 != 0 ? unary(Op::negate, std::move(result)) : std::move(result);
}

MaybeExpr ExprReader::product() {
  MaybeExpr left = factor();
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

MaybeExpr ExprReader::signed_factor() {
  int negations = 0;
  while (sees("-") || sees("+")) negations += take("-") ? 1 : (take("+"), 0);
  MaybeExpr result = factor();
  return negations % 2 != 0 ? unary(Op::negate, std::move(result)) : std::move(result);
}

MaybeExpr ExprReader::times(MaybeExpr left, MaybeExpr right) {
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

MaybeExpr ExprReader::scaled(MathExpr number, long power) {
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

bool ExprReader::starts_factor() const {
  const AnswerToken* token = peek();
  if (token == nullptr) return false;
  switch (token->kind) {
    case TokenKind::number:
      return at_ > 0 && tokens_[at_ - 1].kind != TokenKind::number && !token->in_text;
    case TokenKind::group_open:
      return !token->in_text && !sees(TokenKind::group_close, 1);
    case TokenKind::word:
      return starts_word_factor(*token);
    case TokenKind::command:
      return is_operand_command(token->text);
    case TokenKind::symbol:
      return token->text == "(" || token->text == "[" ||
             (token->text == "|" && bars_ == 0 && at_ + 1 < tokens_.size());
    default:
      return false;
  }
}

MaybeExpr ExprReader::factor() {
  const Level level(*this);
  if (over_budget_) return std::nullopt;
  MaybeExpr base = primary();
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

MaybeExpr ExprReader::named(const char* function, MaybeExpr argument) {
  if (!argument) return std::nullopt;
  std::vector<MathExpr> args;
  args.push_back(std::move(*argument));
  return make_function(function, std::move(args));
}

MaybeExpr ExprReader::raised(MaybeExpr base) {
  if (sees(TokenKind::open) && sees("*", 1) && sees(TokenKind::close, 2) &&
      base->op == Op::symbol) {
    at_ += 3;  // x^* is a name
    base->name += '*';
    return base;
  }
  MaybeExpr exponent = exponent_value();
  return combined(Op::power, std::move(base), std::move(exponent));
}

MaybeExpr ExprReader::primary() {
  const AnswerToken* token = peek();
  if (token == nullptr) return at_ > 0 ? hole() : std::nullopt;
  switch (token->kind) {
    case TokenKind::number:
      return number();
    case TokenKind::word:
      return word();
    case TokenKind::command:
      return command();
    case TokenKind::group_open:
      if (token->in_text) return std::nullopt;
      ++at_;
      return enclosed(TokenKind::group_close);
    case TokenKind::symbol:
      return bracket();
    case TokenKind::close:
    case TokenKind::group_close:
      return at_ > 0 ? hole() : std::nullopt;
    default:
      return std::nullopt;
  }
}

MaybeExpr ExprReader::enclosed(TokenKind closing) {
  if (take(closing)) return hole();
  const int bars = std::exchange(bars_, 0);
  MaybeExpr inner = infix_sum();
  bars_ = bars;
  if (!inner || !take(closing)) return std::nullopt;
  return inner;
}

MaybeExpr ExprReader::bracket() {
  const std::string& text = peek()->text;
  if (text == "(" || text == "[") {
    ++at_;
    const int bars = std::exchange(bars_, 0);
    MaybeExpr inner = sum();
    bars_ = bars;
    if (!inner || !(take(")") || take("]"))) return std::nullopt;
    return inner;
  }
  if (text == "|" || text == "\\|") {
    ++at_;
    ++bars_;
    MaybeExpr inner = sum();
    --bars_;
    if (!inner || !(take("|") || take("\\|"))) return std::nullopt;
    return named("abs", std::move(inner));
  }
  const bool missing = is_one_of(text, {"^", "_", "/", "*", "!", ")", "]"});
  return missing && (at_ > 0 || text == "^" || text == "/") ? hole() : std::nullopt;
}

std::optional<ExprReading> read_expr(AnswerTokens tokens, ExprNotation notation) {
  return ExprReader(tokens, notation).run();
}

}  // namespace assay::evals
