#include "evals/common/answer_tokens.h"

#include <algorithm>
#include <utility>

#include "core/ascii.h"
#include "core/utf8.h"
#include "evals/common/answer_notation.h"

namespace assay::evals {
namespace {

using TokenKind = AnswerToken::Kind;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '~';
}

class Tokeniser {
 public:
  explicit Tokeniser(std::string_view answer) : rest_(answer) {
    groups_.push_back({});
    for (std::size_t i = 0; i < answer.size(); ++i) {
      if (answer[i] == '\\') {
        ++i;
      } else if (answer[i] == '$') {
        unpaired_dollar_ = !unpaired_dollar_;
      }
    }
  }

  std::optional<std::vector<AnswerToken>> run() {
    while (!rest_.empty()) {
      if (out_.size() > max_answer_tokens || groups_.size() > max_answer_depth ||
          bracket_depth_ > static_cast<int>(max_answer_depth)) {
        return std::nullopt;
      }
      step();
    }
    while (groups_.size() > 1) close_group();
    drop_dangling_script();
    drop_final_punctuation();
    return std::move(out_);
  }

 private:
  /// A brace group that is open, or the whole answer.
  struct Group {
    int arguments_due = 0;  ///< how many braced arguments its last command still takes
    bool in_index = false;  ///< inside the [3] of \sqrt[3]{x}: no argument yet
    bool argument = false;  ///< the group is an argument
    bool in_text = false;
    bool silent = false;  ///< its braces only delimit a text: no tokens
  };

  void step() {
    const char c = rest_[0];
    if (is_blank(c)) return skip_blank();
    if (c == '\\') return take_command();
    if (c == '{') return open_group();
    if (c == '}') {
      rest_.remove_prefix(1);
      return close_group();
    }
    if (is_digit(c) || (c == '.' && rest_.size() > 1 && is_digit(rest_[1]))) return take_number();
    if (is_letter(c)) return take_word();
    if (is_foreign_letter(rest_)) return take_foreign_word();
    for (const auto& [written, token] : {std::pair<std::string_view, const char*>{"<=", "\\le"},
                                         {">=", "\\ge"},
                                         {"!=", "\\neq"},
                                         {"==", "="},
                                         {"=<", "\\le"},
                                         {"+/-", "\\pm"},
                                         {"+-", "\\pm"},
                                         {"->", "\\to"},
                                         {"...", "\\dots"}}) {
      if (!rest_.starts_with(written)) continue;
      rest_.remove_prefix(written.size());
      return emit(token[0] == '\\' ? TokenKind::command : TokenKind::symbol, token);
    }
    const std::size_t bytes = utf8_step(rest_).bytes;  // a character is one token
    const std::string written(rest_.substr(0, bytes));
    rest_.remove_prefix(bytes);
    if (c == '$') return take_dollar();
    if (c == '&' && environments_ == 0) {
      // "3 & 4" joins; "x &= 4" aligns.
      const std::size_t next = rest_.find_first_not_of(' ');
      if (blank_ && next != 0 && next != npos && rest_[next] != '=') emit(TokenKind::word, "and");
      return;
    }
    count_bracket(c);
    emit(TokenKind::symbol, written);
  }

  /// "$5": a currency where it has no partner; else a delimiter of formulas.
  void take_dollar() {
    const bool digit = !rest_.empty() && (is_digit(rest_[0]) || rest_[0] == '.');
    if (!unpaired_dollar_ || !digit) return skipped_blank();
    unpaired_dollar_ = false;
    emit(TokenKind::symbol, "\\$");
  }

  void skip_blank() {
    rest_.remove_prefix(1);
    skipped_blank();
  }

  void skipped_blank() { blank_ = true; }

  void count_bracket(char c) {
    if (c == '(' || c == '[') ++bracket_depth_;
    if (c == ')' || c == ']') --bracket_depth_;
  }

  void take_command() {
    std::size_t length = std::min<std::size_t>(2, rest_.size());
    if (rest_.size() > 1 && is_letter(rest_[1])) {
      while (length < rest_.size() && is_letter(rest_[length])) ++length;
    }
    std::string_view written = rest_.substr(0, length);
    if (written == "\\\\" && environments_ == 0 && is_command_at(1)) {
      rest_.remove_prefix(1);  // \\frac outside an environment: escaped twice
      return take_command();
    }
    Command command = find_command(written);
    if (command.kind == CommandClass::unknown && length > 2) {
      const std::string_view prefix = known_prefix(written);
      if (!prefix.empty()) {
        written = prefix;
        command = find_command(prefix);
      }
    }
    rest_.remove_prefix(written.size());
    apply_command(command, written);
  }

  /// Whether a known command word stands at `place` of the rest.
  bool is_command_at(std::size_t place) const {
    std::size_t end = place + 1;
    if (end >= rest_.size() || !is_letter(rest_[end])) return false;
    while (end < rest_.size() && is_letter(rest_[end])) ++end;
    return !known_prefix(rest_.substr(place, end - place)).empty();
  }

  void apply_command(const Command& command, std::string_view written) {
    switch (command.kind) {
      case CommandClass::dropped:
        // \left. and \right. stand for no delimiter at all.
        if ((written == "\\left" || written == "\\right") && rest_.starts_with('.')) {
          rest_.remove_prefix(1);
        }
        return;
      case CommandClass::blank:
        return skipped_blank();
      case CommandClass::dropped_group:
        return drop_group();
      case CommandClass::text:
        if (rest_.starts_with('*')) rest_.remove_prefix(1);
        text_command_ = true;
        return;
      case CommandClass::unknown:
        return emit(TokenKind::command, std::string(written));
      case CommandClass::symbol:
        break;
    }
    if (command.name == "\\begin" || command.name == "\\end") {
      return take_environment(command.name == "\\begin");
    }
    if (command.name == "\\circ" && degree_is_due()) return emit_degree();
    if (command.name == "\\prime" && degree_is_due()) {
      emit_degree();
      out_.back() = {TokenKind::symbol, "'", false, false};
      return;
    }
    if (command.name == "\\{") ++bracket_depth_;
    if (command.name == "\\}") --bracket_depth_;
    if (command.name == "\\\\" && rest_.starts_with('[')) {  // \\[2pt]
      const std::size_t end = rest_.find(']');
      if (end != npos && rest_.substr(0, end).ends_with("pt")) rest_.remove_prefix(end + 1);
    }
    const bool word = is_letter(command.name[0]);
    const bool control = command.name.size() > 2 && is_letter(command.name[1]);
    emit(word ? TokenKind::word : (control ? TokenKind::command : TokenKind::symbol),
         std::string(command.name), command.arguments);
    if (word) out_.back().in_text = true;
  }

  /// The braced argument behind a command that shows nothing.
  void drop_group() {
    std::size_t i = 0;
    while (i < rest_.size() && is_blank(rest_[i])) ++i;
    if (i == rest_.size() || rest_[i] != '{') return;
    int depth = 0;
    for (; i < rest_.size(); ++i) {
      if (rest_[i] == '{') ++depth;
      if (rest_[i] == '}' && --depth == 0) break;
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
  }

  void take_environment(bool begins) {
    std::string name;
    if (rest_.starts_with('{')) {
      const std::size_t end = rest_.find('}');
      name = std::string(rest_.substr(1, end == npos ? npos : end - 1));
      rest_.remove_prefix(end == npos ? rest_.size() : end + 1);
    }
    if (name.ends_with('*')) name.pop_back();
    environments_ = std::max(0, environments_ + (begins ? 1 : -1));
    if (begins && (name == "array" || name == "tabular")) {
      if (rest_.starts_with('['))
        rest_.remove_prefix(std::min(rest_.find(']'), rest_.size() - 1) + 1);
      drop_group();
    }
    push(begins ? TokenKind::begin : TokenKind::end, std::move(name));
  }

  /// ^\circ and ^{\circ} are one token.
  bool degree_is_due() const {
    if (out_.empty()) return false;
    const AnswerToken& last = out_.back();
    if (last.kind == TokenKind::open) return out_.size() > 1 && out_[out_.size() - 2].text == "^";
    return last.text == "^";
  }

  void emit_degree() {
    if (out_.back().kind == TokenKind::open) {
      out_.pop_back();
      groups_.back().argument = false;
      dropped_brace_ = true;
    } else {
      groups_.back().arguments_due = 0;
    }
    out_.pop_back();  // the '^'
    push(TokenKind::command, "\\degree");
  }

  bool argument_due() const {
    return groups_.back().arguments_due > 0 && !groups_.back().in_index && !groups_.back().in_text;
  }

  void open_group() {
    rest_.remove_prefix(1);
    Group group;
    group.in_text = text_command_ || groups_.back().in_text;
    text_command_ = false;
    if (argument_due()) {
      --groups_.back().arguments_due;
      group.argument = true;
      push(TokenKind::open, "{");
    } else if (group.in_text) {
      group.silent = true;
      blank_ = true;
    } else {
      push(TokenKind::group_open, "{");
    }
    groups_.push_back(group);
  }

  void close_group() {
    if (groups_.size() == 1) return;  // a '}' that nothing opened
    const bool argument = groups_.back().argument;
    const bool silent = groups_.back().silent;
    groups_.pop_back();
    if (silent) {
      blank_ = true;
      return;
    }
    if (dropped_brace_) {
      dropped_brace_ = false;
      return;
    }
    push(argument ? TokenKind::close : TokenKind::group_close, "}");
  }

  /// "\!" and blanks around it at `place`: nothing that is seen.
  static std::size_t behind_thin_space(std::string_view text, std::size_t place) {
    while (true) {
      const std::size_t mark = text.find_first_not_of(" \t\r\n~", place);
      if (mark == npos || !text.substr(mark).starts_with("\\!")) return place;
      place = std::min(text.find_first_not_of(" \t\r\n~", mark + 2), text.size());
    }
  }

  /// The separator between groups of three digits at the front of `text`: its length, or 0.
  std::size_t separator_length(std::string_view text) const {
    for (const std::string_view separator :
         {"{,}", "{,\\!}", "{, }", " {, }", ",", "\\,", " ", "\\ ", "~"}) {
      if (!text.starts_with(separator)) continue;
      const std::size_t length =
          separator == "," ? behind_thin_space(text, 1) : separator.size();  // ",\!", ", \! "
      // A bare comma separates coordinates or elements inside brackets, and in 27,54,108.
      if (length == 1 && separator == "," && (bracket_depth_ > 0 || text.size() > list_rest_)) {
        return 0;
      }
      const std::string_view digits = text.substr(length);
      if (digits.size() < 3 || !is_digit(digits[0]) || !is_digit(digits[1]) ||
          !is_digit(digits[2]) || (digits.size() > 3 && is_digit(digits[3]))) {
        return 0;
      }
      // "3 125/8" is a mixed number; "1 000" in brackets or a matrix may be two numbers.
      const bool by_blank = separator == " " || separator == "\\ " || separator == "~";
      if (by_blank &&
          (bracket_depth_ > 0 || environments_ > 0 || (digits.size() > 3 && digits[3] == '/'))) {
        return 0;
      }
      return length;
    }
    return 0;
  }

  /// Looks over the whole run of digits and bare commas that begins here: a list, unless all groups
  /// behind the first have three digits, and that has one to three and no leading zero.
  void look_for_list() {
    if (list_rest_ != npos && rest_.size() > list_rest_) return;  // inside one
    std::size_t first = 0;
    while (first < rest_.size() && is_digit(rest_[first])) ++first;
    bool thousands = first > 0 && first <= 3 && rest_[0] != '0';
    std::size_t end = first;
    while (end + 1 < rest_.size() && rest_[end] == ',' && is_digit(rest_[end + 1])) {
      std::size_t next = end + 1;
      while (next < rest_.size() && is_digit(rest_[next])) ++next;
      thousands = thousands && next == end + 4;
      end = next;
    }
    list_rest_ = thousands ? npos : rest_.size() - end;
  }

  void take_number() {
    look_for_list();
    std::string number = take_digits();
    bool grouped = false;
    if (!number.empty() && number.size() <= 3 && number[0] != '0' && !argument_due()) {
      while (const std::size_t length = separator_length(rest_)) {
        grouped = grouped || (length == 1 && rest_[0] == ',');
        rest_.remove_prefix(length);
        number += take_digits();
      }
    }
    const bool point = rest_.size() > 1 && rest_[0] == '.' && (!argument_due() || exponent_due()) &&
                       (is_digit(rest_[1]) || rest_.starts_with(".\\overline") ||
                        rest_.starts_with(".\\bar") || rest_.starts_with(".\\dot{"));
    if (point) {
      rest_.remove_prefix(1);
      number += '.';
      number += take_digits();
    }
    take_exponent(number);
    const std::size_t place = out_.size();
    emit(TokenKind::number, std::move(number));
    for (std::size_t i = place; i < out_.size(); ++i) out_[i].grouped = grouped;
  }

  /// The e33 of 4.5e33: glued to its number, with digits, and nothing that continues it.
  void take_exponent(std::string& number) {
    if (rest_.empty() || (rest_[0] != 'e' && rest_[0] != 'E') || argument_due()) return;
    std::size_t end = 1;
    if (end < rest_.size() && (rest_[end] == '-' || rest_[end] == '+')) ++end;
    const std::size_t digits = end;
    while (end < rest_.size() && is_digit(rest_[end])) ++end;
    if (end == digits || end - digits > 6) return;
    if (end < rest_.size() && (is_letter(rest_[end]) || rest_[end] == '.')) return;
    number += 'e';
    number += rest_.substr(1, end - 1);
    rest_.remove_prefix(end);
  }

  bool exponent_due() const { return argument_due() && !out_.empty() && out_.back().text == "^"; }

  /// Whether an index takes all of the digits at the front: x_12, but \log_28 is log 8 to base 2.
  bool index_due(std::size_t digits) const {
    if (!argument_due() || out_.empty() || out_.back().text != "_") return false;
    const bool of_log = out_.size() > 1 && out_[out_.size() - 2].text.ends_with("log");
    return !of_log ||
           (digits < rest_.size() && (is_blank(rest_[digits]) || is_letter(rest_[digits]) ||
                                      std::string_view("\\{(|").find(rest_[digits]) != npos));
  }

  /// A run of digits; one digit where a command waits for its argument (\frac12). TeX would raise
  /// one digit only, too, but who writes 2^10 means all of it.
  std::string take_digits() {
    std::size_t length = 0;
    while (length < rest_.size() && is_digit(rest_[length])) ++length;
    if (argument_due() && !exponent_due() && !index_due(length))
      length = std::min<std::size_t>(length, 1);
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
    emit(TokenKind::word, std::move(word));
  }

  /// Words of other scripts, "\u5143" behind a number: never a product of variables.
  void take_foreign_word() {
    std::size_t length = 0;
    while (length < rest_.size() && is_foreign_letter(rest_.substr(length))) {
      length += utf8_step(rest_.substr(length)).bytes;
      if (argument_due()) break;
    }
    std::string word(rest_.substr(0, length));
    rest_.remove_prefix(length);
    const std::size_t place = out_.size();
    emit(TokenKind::word, std::move(word));
    for (std::size_t i = place; i < out_.size(); ++i) out_[i].in_text = true;
  }

  /// A token of content; braces are put around it if a command waits for an argument.
  void emit(TokenKind kind, std::string text, int arguments = 0) {
    Group& group = groups_.back();
    if (text == "[" && !out_.empty() && out_.back().text == "\\sqrt") group.in_index = true;
    // A bracket is no argument of its own: \sqrt(x+1) means the whole parenthesis, and x^-1 all
    // of -1; the parser reads those.
    const bool bracket = kind == TokenKind::symbol && (text == "(" || text == "-" || text == "|" ||
                                                       text == "\\{" || text == "+");
    if (bracket && argument_due()) group.arguments_due = 0;
    const bool as_argument = argument_due();
    if (as_argument) {
      --group.arguments_due;
      push(TokenKind::open, "{");
    }
    if (text == "^" || text == "_") arguments = 1;
    push(kind, std::move(text));
    if (out_.back().text == "]") group.in_index = false;
    if (as_argument) {
      push(TokenKind::close,
           "}");  // \frac\pi2; a command with arguments here needs braces in TeX too
    } else if (arguments > 0 && !group.in_text) {
      group.arguments_due = arguments;
    }
  }

  void push(TokenKind kind, std::string text) {
    out_.push_back({kind, std::move(text), groups_.back().in_text, blank_});
    blank_ = false;
    text_command_ = false;
  }

  /// "12^{" was cut off behind the 12.
  void drop_dangling_script() {
    if (out_.size() > 2 && out_.back().kind == TokenKind::close &&
        out_[out_.size() - 2].kind == TokenKind::open && is_script(out_[out_.size() - 3])) {
      out_.resize(out_.size() - 3);
    } else if (!out_.empty() && is_script(out_.back())) {
      out_.pop_back();
    }
  }

  static bool is_script(const AnswerToken& token) { return token.text == "^" || token.text == "_"; }

  void drop_final_punctuation() {
    while (!out_.empty() && out_.back().kind == TokenKind::symbol &&
           (out_.back().text == "." || out_.back().text == "," || out_.back().text == ";" ||
            out_.back().text == "\\\\" || out_.back().text == "?")) {
      out_.pop_back();
    }
  }

  std::string_view rest_;
  std::vector<AnswerToken> out_;
  std::vector<Group> groups_;
  int bracket_depth_ = 0;
  int environments_ = 0;
  bool blank_ = false;
  bool unpaired_dollar_ = false;  ///< an odd number of '$': one is no delimiter
  bool text_command_ = false;
  std::size_t list_rest_ = npos;  ///< what is left behind a list of digits and bare commas
  bool dropped_brace_ = false;    ///< the open brace of ^{\circ} is gone: so must its partner
};

}  // namespace

std::optional<std::vector<AnswerToken>> answer_tokens(std::string_view answer) {
  // What is this long holds more tokens than allowed, or one number or word beyond any use.
  constexpr std::size_t max_answer_bytes = 1 << 17;
  if (answer.size() > max_answer_bytes) return std::nullopt;
  return Tokeniser(plain_notation(answer)).run();
}

}  // namespace assay::evals
