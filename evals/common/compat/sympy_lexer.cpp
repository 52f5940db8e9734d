#include "evals/common/compat/sympy_lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "evals/common/compat/python_text.h"

namespace assay::evals::compat {
namespace {

using Kind = SympyToken::Kind;

constexpr std::array<std::string_view, 41> kCommands = {
    "lim",    "int",    "sum",    "prod",   "exp",    "log",    "lg",       "ln",     "sin",
    "cos",    "tan",    "csc",    "sec",    "cot",    "arcsin", "arccos",   "arctan", "arccsc",
    "arcsec", "arccot", "sinh",   "cosh",   "tanh",   "arsinh", "arcosh",   "artanh", "lfloor",
    "rfloor", "lceil",  "rceil",  "langle", "rangle", "sqrt",   "overline", "frac",   "binom",
    "mathit", "to",     "limits", "left|",  "right|"};

constexpr std::array<std::string_view, 18> kSkipped = {
    "thinspace", "medspace",    "thickspace",    "quad",  "qquad",  "negthinspace",
    "left",      "negmedspace", "negthickspace", "right", "vrule",  "vcenter",
    "vbox",      "vskip",       "vspace",        "hfil",  "limits", "nolimits"};

/// Names that stand for another token.
constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kSame = {{
    {"times", "*"},
    {"cdot", "*"},
    {"div", "/"},
    {"leq", "<="},
    {"le", "<="},
    {"leqq", "<="},
    {"leqslant", "<="},
    {"geq", ">="},
    {"ge", ">="},
    {"geqq", ">="},
    {"geqslant", ">="},
    {"neq", "!="},
    {"dfrac", "frac"},
    {"tfrac", "frac"},
    {"dbinom", "binom"},
    {"tbinom", "binom"},
    {"rightarrow", "to"},
    {"Rightarrow", "to"},
    {"longrightarrow", "to"},
    {"Longrightarrow", "to"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"to", "to"},
    {"sqrt", "sqrt"},
}};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<SympyToken> run() {
    while (at_ < text_.size() && !failed_) step();
    if (!failed_) add(Kind::end, "");
    return std::move(tokens_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (is_blank(c)) {
      ++at_;
    } else if (c == '\\') {
      read_command();
    } else if (c == 'd' && read_differential()) {
      // read
    } else if (is_letter(c)) {
      add(Kind::letter, text_.substr(at_++, 1));
    } else if (is_digit(c)) {
      add(Kind::digit, text_.substr(at_++, 1));
    } else if (c == '\'') {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] == '\'') ++at_;
      add(Kind::quotes, text_.substr(begin, at_ - begin));
    } else if (c == '=' || c == '&') {
      read_equals();
    } else {
      ++at_;
      constexpr std::string_view ops = "+-*/(){}[]|_^,.!<>";
      if (c == ':') {
        add(Kind::op, "/");
      } else if (contains(ops, std::string_view(&c, 1))) {
        add(Kind::op, std::string_view(&c, 1));
      } else {
        fail();
      }
    }
  }

  void add(Kind kind, std::string_view text) { tokens_.push_back({kind, std::string(text)}); }
  void fail() {
    failed_ = true;
    add(Kind::error, "");
  }

  std::size_t name_end(std::size_t from) const {
    while (from < text_.size() && is_letter(text_[from])) ++from;
    return from;
  }

  /// "dx", "d x", "d\theta".
  bool read_differential() {
    std::size_t next = at_ + 1;
    while (next < text_.size() && is_blank(text_[next])) ++next;
    if (next >= text_.size()) return false;
    std::size_t end = next + 1;
    if (text_[next] == '\\') {
      end = name_end(next + 1);
      if (end == next + 1) return false;
    } else if (!is_letter(text_[next])) {
      return false;
    }
    const std::string_view variable = text_.substr(next, end - next);
    add(Kind::differential, "d" + std::string(variable[0] == '\\' ? variable.substr(1) : variable));
    at_ = end;
    return true;
  }

  /// "=", also with an alignment mark before or behind it; a '&' alone is no token.
  void read_equals() {
    std::size_t next = at_;
    const auto skip_blanks = [&] {
      while (next < text_.size() && is_blank(text_[next])) ++next;
    };
    if (text_[next] == '&') {
      ++next;
      skip_blanks();
      if (next >= text_.size() || text_[next] != '=') return fail();
      at_ = next + 1;
    } else {
      ++next;
      at_ = next;
      skip_blanks();
      if (next < text_.size() && text_[next] == '&') at_ = next + 1;
    }
    add(Kind::op, "=");
  }

  void read_command() {
    const std::size_t end = name_end(at_ + 1);
    std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    if (name.empty()) return read_escaped();
    at_ = end;
    const auto is = [&name](const auto& set) {
      return std::find(set.begin(), set.end(), name) != set.end();
    };
    // \left| and \right| are tokens that only bras and kets know.
    const bool bar = at_ < text_.size() && text_[at_] == '|';
    if (bar && (name == "left" || name == "right")) {
      ++at_;
      return add(Kind::command, std::string(name) + "|");
    }
    if (is(kSkipped)) return;
    for (const auto& [from, to] : kSame) {
      if (from != name) continue;
      return add(is_letter(to[0]) ? Kind::command : Kind::op, to);
    }
    add(is(kCommands) ? Kind::command : Kind::symbol, name);
  }

  void read_escaped() {
    const std::string_view rest = text_.substr(at_ + 1, 1);
    if (rest.empty()) return fail();
    at_ += 2;
    if (rest == "{" || rest == "}") return add(Kind::op, "\\" + std::string(rest));
    constexpr std::string_view skipped = ",:;!*-./\"(=";
    if (!contains(skipped, rest)) fail();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
  std::vector<SympyToken> tokens_;
};

}  // namespace

std::vector<SympyToken> sympy_tokens(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace assay::evals::compat
