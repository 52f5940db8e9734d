#include "model/jinja/lexer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/ascii.h"
#include "model/jinja/budget.h"
#include "model/jinja/string_literal.h"
#include "model/jinja/text.h"

namespace assay::jinja {
namespace {

// One kind of line end, and without the last one, as Jinja reads a template.
std::string normalize_newlines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out.push_back(source[i]);
      continue;
    }
    out.push_back('\n');
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (pos_ < source_.size()) root();
    push(TokenType::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw TemplateError(line_, message); }
  bool at(std::string_view piece) const { return source_.substr(pos_, piece.size()) == piece; }
  void advance(std::size_t bytes) {
    const auto passed = source_.substr(pos_, bytes);
    line_ += static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
    pos_ += bytes;
  }
  std::size_t space_at(std::size_t pos) const {
    const std::string_view rest = source_.substr(pos);
    return rest.size() - strip(rest, StripSide::left).size();
  }
  void push(TokenType type, std::string_view text) {
    tokens_.push_back(Token{type, line_, std::string(text), 0, 0});
  }

  // Length of "{%", a sign and `word` up to its "%}" at `pos`, with what the end swallows; 0: no.
  std::size_t raw_tag(std::size_t pos, std::string_view word, bool trims_newline) const {
    std::size_t at = pos + 2;
    if (source_.substr(pos, 2) != "{%") return 0;
    if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
    at += space_at(at);
    if (source_.substr(at, word.size()) != word) return 0;
    at += word.size();
    at += space_at(at);
    const std::size_t length = tag_end(at, "%}", trims_newline, trims_newline);
    return length == 0 ? 0 : at + length - pos;
  }

  // Length of a tag's end at `pos`: "-%}" with the whitespace behind it, "+%}" (if allowed), or
  // "%}" with one newline (if it trims); 0: there is none.
  std::size_t tag_end(std::size_t pos, std::string_view mark, bool trims, bool allows_plus) const {
    const std::string_view rest = source_.substr(pos);
    if (rest.substr(0, 1) == "-" && rest.substr(1, 2) == mark) return 3 + space_at(pos + 3);
    if (allows_plus && rest.substr(0, 1) == "+" && rest.substr(1, 2) == mark) return 3;
    if (rest.substr(0, 2) != mark) return 0;
    return trims && rest.substr(2, 1) == "\n" ? 3 : 2;
  }

  // Text in front of a tag at `tag`, cut as the tag's sign and lstrip_blocks want it.
  void push_text(std::size_t tag, bool may_lstrip) {
    std::string_view text = source_.substr(pos_, tag - pos_);
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
    if (sign == '-') {
      text = strip(text, StripSide::right);
    } else if (sign != '+' && may_lstrip) {
      const std::size_t newline = text.rfind('\n');
      const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
      const bool at_line_start = start > 0 || line_starting_;
      if (at_line_start && strip(text.substr(start), StripSide::left).empty()) {
        text = text.substr(0, start);
      }
    }
    if (!text.empty()) push(TokenType::text, text);
    advance(tag - pos_);
  }

  std::size_t next_tag() const {
    for (std::size_t at = source_.find('{', pos_); at != std::string_view::npos;
         at = source_.find('{', at + 1)) {
      const char c = at + 1 < source_.size() ? source_[at + 1] : ' ';
      if (c == '%' || c == '{' || c == '#') return at;
    }
    return std::string_view::npos;
  }

  void root() {
    const std::size_t tag = next_tag();
    if (tag == std::string_view::npos) {
      push(TokenType::text, source_.substr(pos_));
      advance(source_.size() - pos_);
      return;
    }
    const char kind = source_[tag + 1];
    push_text(tag, kind != '{');
    if (const std::size_t length = raw_tag(pos_, "raw", false)) return raw(length);
    advance(2);
    if (at("-") || at("+")) advance(1);
    if (kind == '#') return comment();
    push(kind == '{' ? TokenType::print_begin : TokenType::block_begin, "");
    inside_tag(kind == '{' ? "}}" : "%}");
  }

  void finish_tag(std::size_t length) {
    line_starting_ = source_[pos_ + length - 1] == '\n';
    advance(length);
  }

  void comment() {
    for (std::size_t at = pos_; at < source_.size(); ++at) {
      const std::size_t length = tag_end(at, "#}", true, true);
      if (length == 0) continue;
      advance(at - pos_);
      return finish_tag(length);
    }
    fail("the comment has no end");
  }

  void raw(std::size_t begin_length) {
    finish_tag(begin_length);
    for (std::size_t at = source_.find("{%", pos_); at != std::string_view::npos;
         at = source_.find("{%", at + 1)) {
      const std::size_t length = raw_tag(at, "endraw", true);
      if (length == 0) continue;
      push_text(at, true);
      return finish_tag(length);
    }
    fail("the raw block has no endraw");
  }

  void inside_tag(std::string_view mark) {
    const bool block = mark == "%}";
    std::string brackets;
    while (true) {
      if (brackets.empty()) {
        if (const std::size_t length = tag_end(pos_, mark, block, block)) {
          push(block ? TokenType::block_end : TokenType::print_end, "");
          return finish_tag(length);
        }
      }
      if (pos_ >= source_.size()) fail(fmt::format("the tag has no '{}'", mark));
      if (const std::size_t space = space_at(pos_)) {
        advance(space);
      } else {
        expression_token(&brackets);
      }
    }
  }

  void expression_token(std::string* brackets) {
    const char c = source_[pos_];
    if (is_digit(c)) return number();
    if (is_name_start(c)) {
      std::size_t end = pos_;
      while (end < source_.size() && (is_name_start(source_[end]) || is_digit(source_[end]))) ++end;
      push(TokenType::name, source_.substr(pos_, end - pos_));
      return advance(end - pos_);
    }
    if (c == '\'' || c == '"') return string(c);
    operation(brackets);
  }

  void string(char quote) {
    std::size_t end = pos_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail("the string has no end");
    push(TokenType::string, unescape(source_.substr(pos_ + 1, end - pos_ - 1), line_));
    advance(end + 1 - pos_);
  }

  std::size_t digits_at(std::size_t pos) const {
    std::size_t end = pos;
    while (end < source_.size() &&
           (is_digit(source_[end]) || (source_[end] == '_' && end > pos &&
                                       end + 1 < source_.size() && is_digit(source_[end + 1])))) {
      ++end;
    }
    return end - pos;
  }

  void number() {
    const char mark = pos_ + 1 < source_.size() ? static_cast<char>(source_[pos_ + 1] | 0x20) : ' ';
    if (source_[pos_] == '0' && (mark == 'x' || mark == 'o' || mark == 'b')) {
      fail("numbers in hexadecimal, octal or binary are not supported");
    }
    std::size_t end = pos_ + digits_at(pos_);
    const bool after_dot = pos_ > 0 && source_[pos_ - 1] == '.';  // "x.1.2" is two look-ups
    bool is_real = false;
    if (!after_dot && end + 1 < source_.size() && source_[end] == '.' &&
        is_digit(source_[end + 1])) {
      end += 1 + digits_at(end + 1);
      is_real = true;
    }
    if (!after_dot && end < source_.size() && (source_[end] | 0x20) == 'e') {
      std::size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) {
        ++exponent;
      }
      if (const std::size_t digits = digits_at(exponent)) {
        end = exponent + digits;
        is_real = true;
      }
    }
    const std::string_view text = source_.substr(pos_, end - pos_);
    push(is_real ? TokenType::real : TokenType::integer, text);
    const auto real = parse_float(text);
    const auto integer = is_real ? std::nullopt : parse_int(text, 10);
    if (is_real ? !real : !integer) fail(fmt::format("the number {} is too large", text));
    if (is_real) tokens_.back().real = *real;
    if (!is_real) tokens_.back().integer = *integer;
    advance(text.size());
  }

  void operation(std::string* brackets) {
    static constexpr std::array<std::string_view, 26> kOperators = {
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[",
        "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};
    const auto* const op = std::find_if(kOperators.begin(), kOperators.end(),
                                        [&](std::string_view candidate) { return at(candidate); });
    if (op == kOperators.end()) {
      const auto bytes = character_at(source_, pos_).bytes;
      fail(fmt::format("unexpected character {}", repr_of_text(source_.substr(pos_, bytes))));
    }
    const char c = (*op)[0];
    if (c == '(' || c == '[' || c == '{') brackets->push_back(c);
    if (c == ')' || c == ']' || c == '}') {
      const char open = c == ')' ? '(' : (c == ']' ? '[' : '{');
      if (brackets->empty() || brackets->back() != open) fail(fmt::format("unexpected '{}'", c));
      brackets->pop_back();
    }
    push(TokenType::op, *op);
    advance(op->size());
  }

  std::string_view source_;
  std::size_t pos_ = 0;
  int line_ = 1;
  bool line_starting_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    throw TemplateError{0, fmt::format("larger than {} KiB", kMaxSourceBytes >> 10)};
  }
  const std::string text = normalize_newlines(source);
  return Lexer(text).run();
}

}  // namespace assay::jinja
