#include "evals/chain/arithmetic/tokens.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/ascii.h"
#include "evals/chain/arithmetic/numeral.h"
#include "evals/chain/arithmetic/spellings.h"
#include "evals/chain/arithmetic/token_context.h"

namespace assay::chain {
namespace {

using Kind = MathToken::Kind;

bool is_line_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& set) {
  return std::find(set.begin(), set.end(), text) != set.end();
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<MathToken> run() {
    for (const Region& region : regions_of(text_)) {
      in_math_ = region.kind == RegionKind::math;
      if (region.kind == RegionKind::code) {
        push(Kind::barrier, region.span);
        continue;
      }
      at_ = region.body.begin;
      end_ = region.body.end;
      text_due_ = false;
      text_depth_ = 0;
      // A displayed formula stands alone; an inline one may continue a sum ("$3$ + $4$").
      const bool display = in_math_ && slice(text_, region.span).substr(0, 2) != "\\(" &&
                           slice(text_, region.span)[0] != '$';
      const bool dollars = slice(text_, region.span).starts_with("$$");
      if ((display || (in_math_ && dollars)) && !begins_with_relation(region.body.begin))
        push(Kind::barrier, {region.span.begin, region.span.begin});
      line_start_ = region.span.begin == 0 || text_[region.span.begin - 1] == '\n';
      const std::size_t first = out_.size();
      while (at_ < end_) step();
      if (in_math_ && first < out_.size()) out_[first].opens_math = true;
      if ((display || (in_math_ && dollars)) && !display_goes_on(region.span.end))
        push(Kind::barrier, {region.span.end, region.span.end});
      space_ = space_ || in_math_;
    }
    return std::move(out_);
  }

 private:
  void push(Kind kind, ByteSpan span, std::string text = {}) {
    MathToken token;
    token.kind = kind;
    token.span = span;
    token.text = std::move(text);
    token.space = space_;
    token.in_text = text_depth_ > 0;
    out_.push_back(std::move(token));
    space_ = false;
    line_start_ = false;
  }

  /// "= 12" at the front of a formula or line: it goes on with what stands before it.
  bool begins_with_relation(std::size_t at) const {
    const std::size_t next = text_.find_first_not_of(" \t\r\n&", at);
    return next != npos && (text_[next] == '=' || text_.substr(next).starts_with("\\approx") ||
                            text_.substr(next).starts_with("\xE2\x89\x88"));
  }

  /// "\[ a = b \] \[ = c \]": the next display belongs to the same chain of equalities.
  bool display_goes_on(std::size_t end) const {
    const std::size_t next = text_.find_first_not_of(" \t\r\n", end);
    if (next == npos) return false;
    const std::string_view after = text_.substr(next);
    const bool opens = after.starts_with("\\[") || after.starts_with("$$");
    return opens && begins_with_relation(next + 2);
  }

  std::string_view rest() const { return text_.substr(at_, end_ - at_); }
  char at(std::size_t i) const { return i < end_ ? text_[i] : '\n'; }

  void step() {
    const char c = text_[at_];
    if (is_line_blank(c) || c == '~' || c == '&') {
      ++at_;
      space_ = true;
    } else if (c == '\n') {
      newline();
    } else if (c == '\\') {
      command();
    } else if (is_digit(c) ||
               (c == '.' && is_digit(at(at_ + 1)) && (at_ == 0 || !is_digit(text_[at_ - 1])))) {
      number();
    } else if (is_letter(c)) {
      letters_run();
    } else if (c == '$') {
      push(Kind::money, {at_, at_ + 1});
      ++at_;
    } else if (c == '*') {
      star();
    } else if (const std::size_t note = rest().starts_with("<<") ? rest().find(">>") : npos;
               note != npos && rest().substr(0, note).find('\n') == npos) {
      at_ += note + 2;  // <<48/2=24>>: a calculator's note
      space_ = true;
    } else {
      sign(c);
    }
  }

  /// In a formula a line end is a blank; in prose it ends the statement, unless the next line goes
  /// on with a relation. All blanks up to what follows are one line end.
  void newline() {
    const std::size_t begin = at_;
    const std::size_t next = std::min(text_.find_first_not_of(" \t\r\n&", at_), end_);
    const auto lines = std::count(text_.begin() + static_cast<std::ptrdiff_t>(begin),
                                  text_.begin() + static_cast<std::ptrdiff_t>(next), '\n');
    const bool goes_on = begins_with_relation(begin) || (!in_math_ && display_goes_on(begin));
    if (!goes_on && (!in_math_ || (lines > 1 && next < end_)))
      push(Kind::barrier, {begin, begin + 1}, "\n");
    at_ = next;
    space_ = true;
    line_start_ = true;
  }

  void sign(char c) {
    if (c == '{' && text_due_) {
      text_due_ = false;
      text_depth_ = 1;
      ++at_;
      return;
    }
    if (text_depth_ > 0 && (c == '{' || c == '}')) {
      text_depth_ += c == '{' ? 1 : -1;
      ++at_;
      space_ = true;
      return;
    }
    if (c == '-' && hyphen()) return;
    for (const auto& [text, kind] : signs) {
      if (!rest().starts_with(text)) continue;
      // A bullet or a dash at the start of a line.
      const bool bullet =
          kind == Kind::minus && line_start_ && !in_math_ && is_line_blank(at(at_ + text.size()));
      const ByteSpan span = {at_, at_ + text.size()};
      at_ += text.size();
      const bool item = bullet || text == "\xE2\x80\xA2";
      push(bullet ? Kind::barrier : kind, span,
           kind == Kind::variable ? std::string("pi") : std::string(item ? "*" : text));
      return;
    }
    if (superscript()) return;
    if (c == '_') {
      index();
      return;
    }
    if (c == '\'' || c == '"') {
      quote(c);
      return;
    }
    if (c == ',' && goes_on_with_which()) {
      ++at_;
      space_ = true;
      return;
    }
    if (c == ',' && in_call(out_)) {
      push(Kind::comma, {at_, at_ + 1});
      ++at_;
      return;
    }
    if (c == '|' && in_math_) {
      push(Kind::bar, {at_, at_ + 1});
      ++at_;
      return;
    }
    if (foreign_letter(rest()) > 0) {
      letters_run();
      return;
    }
    const std::size_t begin = at_;
    ++at_;
    while (at_ < end_ && (static_cast<unsigned char>(text_[at_]) & 0xC0U) == 0x80) ++at_;
    push(Kind::barrier, {begin, at_}, std::string(text_.substr(begin, at_ - begin)));
  }

  /// f'(x): a derivative, part of the name; (x + 1)' is not read.
  void quote(char c) {
    ++at_;
    if (c != '\'' || is_letter(at(at_))) return;
    const bool name =
        !out_.empty() && out_.back().kind == Kind::variable && out_.back().span.end == at_ - 1;
    if (name) {
      out_.back().text += c;
      out_.back().span.end = at_;
    } else if (in_math_) {
      push(Kind::barrier, {at_ - 1, at_}, "prime");
    }
  }

  /// "2(x + 1), which simplifies to 2x + 2" is one statement; the formula may end in between.
  bool goes_on_with_which() const {
    const std::size_t next = text_.find_first_not_of(" \t\r\n$\\)]", at_ + 1);
    return next != npos && next - at_ <= longest_gap && text_.substr(next).starts_with("which ");
  }

  /// "12-hour", "well-known": part of a word.
  bool hyphen() {
    if (in_math_ || at_ == 0 || !is_letter(at(at_ + 1)) || !is_letter(at(at_ + 2))) return false;
    const char before = text_[at_ - 1];
    if (!is_letter(before) && !is_digit(before)) return false;
    ++at_;
    space_ = false;
    letters_run();
    return true;
  }

  bool superscript() {
    const std::size_t begin = at_;
    const RaisedDigits raised = read_raised_digits(rest());
    const std::string& exponent = raised.digits;
    if (exponent.empty() || exponent.size() > 6) return false;
    at_ += raised.size;
    push(Kind::caret, {begin, at_});
    push(Kind::number, {begin, at_});
    out_.back().value = mpz_class(exponent);
    return true;
  }

  /// An index belongs to the variable before it; after a number it is a base.
  void index() {
    const std::size_t begin = at_;
    ++at_;
    std::size_t stop = at_;
    if (at(at_) == '{') {
      const std::size_t close = text_.substr(0, end_).find('}', at_);
      stop = close == npos ? end_ : close + 1;
    } else if (is_digit(at(at_)) || is_letter(at(at_))) {
      while (is_digit(at(stop)) || (is_letter(at(stop)) && !in_math_)) ++stop;
      stop = std::max(stop, at_ + 1);
    } else if (at(at_) == '\\') {
      stop = at_ + 1;
      while (is_letter(at(stop))) ++stop;
    }
    stop = std::min(stop, end_);
    const bool variable =
        !out_.empty() && (out_.back().kind == Kind::variable || out_.back().kind == Kind::word ||
                          out_.back().kind == Kind::function);
    if (variable) {
      out_.back().text += text_.substr(begin, stop - begin);
      out_.back().span.end = stop;
    } else if (!based(begin, stop)) {
      push(Kind::barrier, {begin, stop}, "_");
    }
    at_ = stop;
  }

  /// 1202_7: the index is the base of the number before it.
  bool based(std::size_t begin, std::size_t stop) {
    if (out_.empty() || out_.back().kind != Kind::number || out_.back().span.end != begin)
      return false;
    MathToken& token = out_.back();
    const auto value = in_base(slice(text_, token.span), text_.substr(begin + 1, stop - begin - 1));
    if (!value) return false;
    token.value = *value;
    token.based = true;
    token.span.end = stop;
    return true;
  }

  /// '*': a product between two operands, "**" a power; otherwise Markdown's emphasis.
  void star() {
    const bool doubled = at(at_ + 1) == '*';
    const std::size_t length = doubled ? 2 : 1;
    const bool operand_before = !out_.empty() && is_operand_end(out_.back().kind);
    const char before = at_ == 0 ? ' ' : text_[at_ - 1];
    const char after = at(at_ + length);
    const bool spaced = is_line_blank(before) && is_line_blank(after);
    const bool tight = !is_line_blank(before) && !is_line_blank(after) && after != '\n';
    std::size_t next = at_ + length;
    while (next < end_ && is_line_blank(text_[next])) ++next;
    const char first = at(next);
    const bool operand_after = is_digit(first) || is_letter(first) || first == '(' ||
                               first == '$' || first == '\\' || first == '.' || first == '-';
    const ByteSpan span = {at_, at_ + length};
    at_ += length;
    if (operand_before && operand_after && (spaced || tight)) {
      push(doubled ? Kind::caret : Kind::times, span);
    } else if (line_start_ && !doubled) {
      push(Kind::barrier, span, "*");
    } else {
      space_ = true;
    }
  }

  void command() {
    const std::size_t begin = at_;
    ++at_;
    if (at_ >= end_) return;
    const char c = text_[at_];
    if (!is_letter(c)) {
      ++at_;
      const ByteSpan span = {begin, at_};
      if (c == '$') {
        push(Kind::money, span);
      } else if (c == '%') {
        push(Kind::percent, span);
      } else if (c == '\\') {
        // A new line of a formula: the statement goes on if the next one starts with a relation.
        if (!begins_with_relation(at_)) push(Kind::barrier, span, "\\\\");
      } else if (std::string_view(",!;: >").find(c) != npos) {
        space_ = true;
      } else {
        push(Kind::barrier, span);
      }
      return;
    }
    while (at_ < end_ && is_letter(text_[at_])) ++at_;
    named_command(text_.substr(begin + 1, at_ - begin - 1), {begin, at_});
  }

  void named_command(std::string_view name, ByteSpan span) {
    if (one_of(name, silent_commands)) return;
    if (one_of(name, text_commands)) {
      text_due_ = at(at_) == '{';
      return;
    }
    if (one_of(name, line_commands)) {
      if (!out_.empty() && out_.back().kind == Kind::number) out_.back().cut = true;
      push(Kind::barrier, span, std::string(name));
      return;
    }
    if (one_of(name, function_names)) {
      push(Kind::function, span, std::string(name));
      return;
    }
    if (one_of(name, letters)) {
      push(Kind::variable, span, std::string(name));
      return;
    }
    for (const auto& [text, kind] : commands) {
      if (text == name) {
        push(kind, span, std::string(name));
        single_digits_ = kind == Kind::frac || kind == Kind::binom ? 2 : 0;
        single_at_ = span.end;
        return;
      }
    }
    push(Kind::barrier, span, std::string(name));
  }

  void number() {
    const std::size_t begin = at_;
    // \frac12 has two arguments.
    const bool argument = single_digits_ > 0 && begin == single_at_ && is_digit(text_[begin]);
    const Numeral numeral = read_numeral(argument ? rest().substr(0, 1) : rest(), in_math_);
    at_ += numeral.size;
    // "2,5" with a decimal comma, or a list without blanks.
    const bool comma = at(at_) == ',' && is_digit(at(at_ + 1)) && !argument && !in_bracket(out_);
    while (comma && (at(at_) == ',' || is_digit(at(at_)))) ++at_;
    if (!numeral.readable || comma) {
      push(Kind::barrier, {begin, at_}, "number");
      return;
    }
    push(Kind::number, {begin, at_});
    out_.back().value = numeral.value;
    out_.back().decimals = numeral.decimals;
    out_.back().cut = numeral.cut;
    if (argument) {
      --single_digits_;
      single_at_ = at_;
    }
  }

  void letters_run() {
    const std::size_t begin = at_;
    while (at_ < end_ && is_letter(text_[at_])) ++at_;
    const std::size_t ascii_end = at_;
    while (at_ < end_ && !in_math_ && (is_letter(text_[at_]) || foreign_letter(rest()) > 0)) {
      at_ += std::max<std::size_t>(foreign_letter(rest()), 1);
    }
    const std::string_view run = text_.substr(begin, at_ - begin);
    if (at_ > ascii_end) {
      push(Kind::word, {begin, at_}, std::string(run));
      return;
    }
    if (in_math_ && at_ == begin) {  // a letter of another script
      at_ += foreign_letter(rest());
      push(Kind::word, {begin, at_}, std::string(text_.substr(begin, at_ - begin)));
      return;
    }
    if (text_depth_ == 0 && run.size() == 1) {
      single_letter(begin, run[0]);
      return;
    }
    std::string word(run);
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (scales_number(word)) return;
    if (one_of(word, spoken_functions)) {
      for (const std::string_view base : {"2(", "10("}) {  // log2(8)
        if (word != "log" || !rest().starts_with(base)) continue;
        at_ += base.size() - 1;
        word += "_" + std::string(base.substr(0, base.size() - 1));
      }
      push(Kind::function, {begin, at_}, word);
      return;
    }
    // Letters side by side in a formula are a product of variables.
    if ((in_math_ && text_depth_ == 0) || is_product(begin, word)) {
      for (std::size_t i = 0; i < run.size(); ++i) {
        push(Kind::variable, {begin + i, begin + i + 1}, std::string(1, run[i]));
      }
      return;
    }
    for (const auto& [text, kind] : sign_words) {
      if (text == word) {
        push(kind, {begin, at_}, word);
        return;
      }
    }
    push(Kind::word, {begin, at_}, word);
  }

  /// "1.5 million", "2 dozen": the word belongs to the number before it.
  bool scales_number(std::string_view word) {
    if (out_.empty() || out_.back().kind != Kind::number || out_.back().based) return false;
    for (const auto& [text, factor] : magnitudes) {
      if (word != text && !(word.ends_with('s') && word.substr(0, word.size() - 1) == text))
        continue;
      out_.back().value *= factor;
      out_.back().decimals = -1;
      out_.back().span.end = at_;
      return true;
    }
    return false;
  }

  /// "2xy" of prose: letters that variables often have, right behind a number, and no unit.
  bool is_product(std::size_t begin, std::string_view word) const {
    const bool attached = !out_.empty() && out_.back().kind == Kind::number &&
                          out_.back().span.end == begin && text_[begin] >= 'a';
    return attached && word.size() <= 3 && !one_of(word, attached_units) &&
           word.find_first_not_of("abcdklmnpqrstuvwxyz") == npos;
  }

  /// "3 x 4" multiplies; 'a' and 'I' in prose are words; a letter elsewhere is a variable.
  void single_letter(std::size_t begin, char c) {
    const ByteSpan span = {begin, begin + 1};
    std::size_t next = at_;
    while (next < end_ && is_line_blank(text_[next])) ++next;
    const bool number_before =
        !out_.empty() && (out_.back().kind == Kind::number || out_.back().kind == Kind::percent ||
                          out_.back().kind == Kind::word);
    const bool number_after = is_digit(at(next)) || at(next) == '$' || at(next) == '(';
    if ((c == 'x' || c == 'X') && !in_math_ && number_before && number_after &&
        (is_digit(at(next)) || at(next) == '$')) {
      push(Kind::times, span);
    } else if (!in_math_ && (c == 'a' || c == 'A' || c == 'I') && is_line_blank(at(at_)) &&
               is_letter(at(next))) {
      push(Kind::word, span, "a");
    } else {
      push(Kind::variable, span, std::string(1, c));
    }
  }

  static constexpr std::size_t longest_gap = 12;

  std::string_view text_;
  std::vector<MathToken> out_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;  ///< of the region
  bool in_math_ = false;
  bool space_ = false;
  bool line_start_ = true;
  bool text_due_ = false;      ///< the next brace opens a \text{}
  int text_depth_ = 0;         ///< braces open inside \text{}
  int single_digits_ = 0;      ///< arguments of \frac that may be one digit
  std::size_t single_at_ = 0;  ///< where the next of them would stand
};

}  // namespace

std::vector<MathToken> math_tokens(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace assay::chain
