#include "evals/common/answer_tokens.h"

#include <algorithm>
#include <array>
#include <utility>

namespace assay::evals {
namespace {

using Kind = AnswerToken::Kind;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& set) {
  return std::find(set.begin(), set.end(), text) != set.end();
}

constexpr std::array<std::string_view, 28> dropped_commands = {
    "\\left",      "\\right",       "\\displaystyle",
    "\\textstyle", "\\scriptstyle", "\\limits",
    "\\,",         "\\!",           "\\;",
    "\\:",         "\\ ",           "\\>",
    "\\(",         "\\)",           "\\[",
    "\\]",         "\\quad",        "\\qquad",
    "\\big",       "\\Big",         "\\bigl",
    "\\bigr",      "\\Bigl",        "\\Bigr",
    "\\bigg",      "\\Bigg",        "\\boxed",
    "\\fbox"};

constexpr std::array<std::string_view, 12> text_commands = {
    "\\text",   "\\mbox",   "\\mathrm", "\\textrm", "\\textbf", "\\mathbf",
    "\\textit", "\\mathit", "\\hbox",   "\\textsf", "\\texttt", "\\operatorname"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> unicode_commands = {{
    {"\xE2\x88\x92", "-"},        // minus sign
    {"\xE2\x80\x93", "-"},        // en dash
    {"\xC3\x97", "\\times"},      // multiplication sign
    {"\xC2\xB7", "\\cdot"},       // middle dot
    {"\xCF\x80", "\\pi"},         // pi
    {"\xE2\x88\x9A", "\\sqrt"},   // root
    {"\xC2\xB0", "\\degree"},     // degree sign
    {"\xE2\x88\x9E", "\\infty"},  // infinity
    {"\xE2\x89\xA4", "\\le"},     // less than or equal
    {"\xE2\x89\xA5", "\\ge"},     // greater than or equal
}};

constexpr std::string_view no_break_space = "\xC2\xA0";

std::string_view same_command(std::string_view command) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> same = {{
      {"\\dfrac", "\\frac"},
      {"\\tfrac", "\\frac"},
      {"\\cfrac", "\\frac"},
      {"\\leq", "\\le"},
      {"\\geq", "\\ge"},
      {"\\ne", "\\neq"},
      {"\\lbrace", "\\{"},
      {"\\rbrace", "\\}"},
      {"\\textdegree", "\\degree"},
  }};
  for (const auto& [from, to] : same) {
    if (command == from) return to;
  }
  return command;
}

/// How many arguments follow: each is written out in braces.
int arguments_of(const AnswerToken& token) {
  if (token.text == "\\frac" || token.text == "\\binom") return 2;
  if (token.text == "\\sqrt" || token.text == "^" || token.text == "_") return 1;
  return 0;
}

class Tokeniser {
 public:
  explicit Tokeniser(std::string_view answer) : rest_(answer) { groups_.push_back({}); }

  std::optional<std::vector<AnswerToken>> run() {
    while (!rest_.empty()) {
      if (out_.size() > max_answer_tokens || groups_.size() > max_answer_tokens) {
        return std::nullopt;
      }
      step();
    }
    while (groups_.size() > 1) close_group();
    drop_final_punctuation();
    return std::move(out_);
  }

 private:
  /// A brace group that is open, or the whole answer.
  struct Group {
    int arguments_due = 0;  ///< how many braced arguments its last command still takes
    bool in_index = false;  ///< inside the [3] of \sqrt[3]{x}: no argument yet
    bool kept = false;      ///< an argument: its braces stand in the result
    bool in_text = false;
  };

  void step() {
    if (rest_.starts_with(no_break_space)) return skip_blank(no_break_space.size());
    for (const auto& [bytes, command] : unicode_commands) {
      if (!rest_.starts_with(bytes)) continue;
      rest_.remove_prefix(bytes.size());
      return emit(command[0] == '\\' ? Kind::command : Kind::symbol, std::string(command));
    }
    const char c = rest_[0];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '~') return skip_blank(1);
    if (c == '\\') return take_command();
    if (c == '{') return open_group();
    if (c == '}') {
      rest_.remove_prefix(1);
      return close_group();
    }
    if (is_digit(c) || (c == '.' && rest_.size() > 1 && is_digit(rest_[1]))) return take_number();
    if (is_letter(c)) return take_word();
    rest_.remove_prefix(1);
    if (c == '$') return;
    if (c == '(' || c == '[') ++bracket_depth_;
    if (c == ')' || c == ']') --bracket_depth_;
    emit(Kind::symbol, std::string(1, c));
  }

  void skip_blank(std::size_t bytes) {
    rest_.remove_prefix(bytes);
    blank_ = true;
  }

  void take_command() {
    std::size_t length = 2;
    if (rest_.size() > 1 && is_letter(rest_[1])) {
      while (length < rest_.size() && is_letter(rest_[length])) ++length;
    }
    const std::string_view command = same_command(rest_.substr(0, length));
    rest_.remove_prefix(std::min(length, rest_.size()));
    if (one_of(command, dropped_commands)) {
      blank_ = blank_ || command == "\\ " || command == "\\quad" || command == "\\qquad";
      return;
    }
    if (one_of(command, text_commands)) {
      text_command_ = true;
      return;
    }
    if (command == "\\circ" && degree_is_due()) return emit_degree();
    const bool is_symbol = command.size() < 2 || !is_letter(command[1]);
    if (command == "\\{") ++bracket_depth_;
    if (command == "\\}") --bracket_depth_;
    emit(is_symbol ? Kind::symbol : Kind::command, std::string(command));
  }

  /// ^\circ and ^{\circ} are one token.
  bool degree_is_due() const {
    if (out_.empty()) return false;
    const AnswerToken& last = out_.back();
    if (last.kind == Kind::open) return out_.size() > 1 && out_[out_.size() - 2].text == "^";
    return last.text == "^";
  }

  void emit_degree() {
    if (out_.back().kind == Kind::open) {
      out_.pop_back();
      groups_.back().kept = false;
    } else {
      groups_.back().arguments_due = 0;
    }
    out_.pop_back();  // the '^'
    emit(Kind::command, "\\degree");
  }

  void open_group() {
    rest_.remove_prefix(1);
    Group group;
    group.in_text = text_command_ || groups_.back().in_text;
    text_command_ = false;
    if (argument_due()) {
      --groups_.back().arguments_due;
      group.kept = true;
      push(Kind::open, "{");
    }
    groups_.push_back(group);
  }

  void close_group() {
    if (groups_.size() == 1) return;  // a '}' that nothing opened
    const bool kept = groups_.back().kept;
    groups_.pop_back();
    if (kept) push(Kind::close, "}");
  }

  /// The separator between groups of three digits at the front of `text`: its length, or 0.
  static std::size_t separator_length(std::string_view text) {
    for (const std::string_view separator : {",\\!", "{,}", "{,\\!}", ",", "\\,"}) {
      if (!text.starts_with(separator)) continue;
      const std::string_view digits = text.substr(separator.size());
      if (digits.size() < 3 || !is_digit(digits[0]) || !is_digit(digits[1]) ||
          !is_digit(digits[2]) || (digits.size() > 3 && is_digit(digits[3]))) {
        return 0;
      }
      return separator.size();
    }
    return 0;
  }

  void take_number() {
    std::string number = take_digits();
    // Inside brackets a comma separates coordinates or elements.
    if (!number.empty() && number.size() <= 3 && number[0] != '0' && bracket_depth_ <= 0 &&
        !argument_due()) {
      while (const std::size_t length = separator_length(rest_)) {
        rest_.remove_prefix(length);
        number += take_digits();
      }
    }
    if (rest_.size() > 1 && rest_[0] == '.' && is_digit(rest_[1]) && !argument_due()) {
      rest_.remove_prefix(1);
      number += '.';
      number += take_digits();
    }
    emit(Kind::number, std::move(number));
  }

  /// \frac12 and x^23: an argument without braces is one digit.
  bool argument_due() const { return groups_.back().arguments_due > 0 && !groups_.back().in_index; }

  std::string take_digits() {
    std::size_t length = 0;
    const std::size_t limit = argument_due() ? 1 : rest_.size();
    while (length < limit && is_digit(rest_[length])) ++length;
    std::string digits(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return digits;
  }

  void take_word() {
    std::size_t length = 1;
    while (length < rest_.size() && is_letter(rest_[length])) ++length;
    if (argument_due()) length = 1;
    std::string word(rest_.substr(0, length));
    rest_.remove_prefix(length);
    if (length > 1) {
      for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    emit(Kind::word, std::move(word));
  }

  /// A token of content; braces are put around it if a command waits for an argument.
  void emit(Kind kind, std::string text) {
    Group& group = groups_.back();
    if (text == "[" && !out_.empty() && out_.back().text == "\\sqrt") group.in_index = true;
    const bool as_argument = argument_due();
    if (as_argument) {
      --group.arguments_due;
      push(Kind::open, "{");
    }
    push(kind, std::move(text));
    if (out_.back().text == "]") group.in_index = false;
    const int arguments = arguments_of(out_.back());
    if (as_argument) {
      push(Kind::close, "}");  // \frac\pi2; a command with arguments here needs braces in TeX too
    } else if (arguments > 0) {
      group.arguments_due = arguments;
    }
  }

  void push(Kind kind, std::string text) {
    out_.push_back({kind, std::move(text), groups_.back().in_text, blank_});
    blank_ = false;
    text_command_ = false;
  }

  void drop_final_punctuation() {
    while (!out_.empty() && out_.back().kind == Kind::symbol &&
           (out_.back().text == "." || out_.back().text == "," || out_.back().text == ";")) {
      out_.pop_back();
    }
  }

  std::string_view rest_;
  std::vector<AnswerToken> out_;
  std::vector<Group> groups_;
  int bracket_depth_ = 0;
  bool blank_ = false;
  bool text_command_ = false;
};

}  // namespace

std::optional<std::vector<AnswerToken>> answer_tokens(std::string_view answer) {
  return Tokeniser(answer).run();
}

std::string joined(const std::vector<AnswerToken>& tokens) {
  std::string out;
  for (const AnswerToken& token : tokens) {
    if (!out.empty()) out += ' ';
    out += token.text;
  }
  return out;
}

}  // namespace assay::evals
