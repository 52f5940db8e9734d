#include "evals/common/compat/latex_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "evals/common/compat/python_text.h"

namespace assay::evals::compat {
namespace {

constexpr int kMaxDepth = 100;

/// Commands without arguments that stand for a character.
constexpr std::array<std::pair<std::string_view, std::string_view>, 107> kCharacters = {{
    {"pi", "π"},          {"infty", "∞"},    {"cup", "∪"},         {"cap", "∩"},
    {"cdot", "·"},        {"times", "×"},    {"le", "≤"},          {"leq", "≤"},
    {"ge", "≥"},          {"geq", "≥"},      {"neq", "≠"},         {"div", "÷"},
    {"pm", "±"},          {"mp", "∓"},       {"circ", "∘"},        {"in", "∈"},
    {"notin", "∉"},       {"to", "→"},       {"ldots", "…"},       {"dots", "…"},
    {"cdots", "⋯"},       {"approx", "≈"},   {"setminus", "∖"},    {"emptyset", "∅"},
    {"varnothing", "∅"},  {"angle", "∠"},    {"perp", "⊥"},        {"parallel", "∥"},
    {"lfloor", "⌊"},      {"rfloor", "⌋"},   {"lceil", "⌈"},       {"rceil", "⌉"},
    {"mid", "|"},         {"star", "⋆"},     {"bullet", "∙"},      {"ell", "ℓ"},
    {"hbar", "ħ"},        {"langle", "⟨"},   {"rangle", "⟩"},      {"subset", "⊂"},
    {"subseteq", "⊆"},    {"alpha", "α"},    {"beta", "β"},        {"gamma", "γ"},
    {"delta", "δ"},       {"epsilon", "ϵ"},  {"varepsilon", "ε"},  {"zeta", "ζ"},
    {"eta", "η"},         {"theta", "θ"},    {"iota", "ι"},        {"kappa", "κ"},
    {"lambda", "λ"},      {"mu", "μ"},       {"nu", "ν"},          {"xi", "ξ"},
    {"rho", "ρ"},         {"sigma", "σ"},    {"tau", "τ"},         {"upsilon", "υ"},
    {"phi", "ϕ"},         {"varphi", "φ"},   {"chi", "χ"},         {"psi", "ψ"},
    {"omega", "ω"},       {"Gamma", "Γ"},    {"Delta", "Δ"},       {"Theta", "Θ"},
    {"Lambda", "Λ"},      {"Xi", "Ξ"},       {"Pi", "Π"},          {"Sigma", "Σ"},
    {"Phi", "Φ"},         {"Psi", "Ψ"},      {"Omega", "Ω"},       {"sin", "sin"},
    {"cos", "cos"},       {"tan", "tan"},    {"arcsin", "arcsin"}, {"arccos", "arccos"},
    {"arctan", "arctan"}, {"log", "log"},    {"ln", "ln"},         {"exp", "exp"},
    {"max", "max"},       {"min", "min"},    {"quad", "  "},       {"qquad", "    "},
    {"sinh", "sinh"},     {"cosh", "cosh"},  {"tanh", "tanh"},     {"lim", "lim"},
    {"sum", "∑"},         {"prod", "∏"},     {"int", "∫"},         {"equiv", "≡"},
    {"sim", "∼"},         {"partial", "∂"},  {"prime", "'"},       {"lbrace", "{"},
    {"rbrace", "}"},      {"vert", "|"},     {"supset", "⊃"},      {"rightarrow", "→"},
    {"Rightarrow", "⇒"},  {"leqslant", "⩽"}, {"geqslant", "⩾"},
}};

class Writer {
 public:
  explicit Writer(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    std::string out = until_close("");
    if (too_deep_) return std::nullopt;
    return out;
  }

 private:
  /// Everything up to `close` ("}", "]" or, for the whole text, ""), which is taken.
  std::string until_close(std::string_view close) {
    if (++depth_ > kMaxDepth) too_deep_ = true;
    std::string out;
    while (at_ < text_.size() && !too_deep_) {
      const char c = text_[at_];
      if (!close.empty() && c == close[0]) {
        ++at_;
        break;
      }
      out += element();
      if (env_ended_) break;
    }
    --depth_;
    return out;
  }

  /// One character, group or command.
  std::string element() {
    const char c = text_[at_++];
    if (c == '{') return until_close("}");
    if (c == '}') return {};
    if (c == '~') return "\xC2\xA0";
    if (c == '&' && in_matrix_) return " ";
    if (c != '\\') return std::string(1, c);
    return command();
  }

  std::string command() {
    std::size_t end = at_;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    if (end == at_) return escaped();
    const std::string name(text_.substr(at_, end - at_));
    at_ = end;
    skip_blanks();
    if (name == "frac") {
      const std::string top = argument();
      return top + "/" + argument();
    }
    if (name == "sqrt") {
      if (at_ < text_.size() && text_[at_] == '[') {
        ++at_;
        until_close("]");  // the index is lost
      }
      return "√(" + argument() + ")";
    }
    if (name == "mbox") {
      argument();
      return {};
    }
    if (name == "begin") return environment();
    if (name == "end") {
      argument();
      env_ended_ = in_matrix_;
      return {};
    }
    for (const auto& [from, to] : kCharacters) {
      if (from == name) return std::string(to);
    }
    return {};
  }

  std::string escaped() {
    if (at_ >= text_.size()) return {};
    const char c = text_[at_++];
    if (c == '\\') return in_matrix_ ? ";" : "\n";
    if (c == '!') return {};
    if (c == ',' || c == ';' || c == ':' || c == ' ') return " ";
    if (c == '(' || c == ')' || c == '[' || c == ']') return {};
    return std::string(1, c);
  }

  std::string argument() {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] == '}') return {};
    if (++depth_ > kMaxDepth) too_deep_ = true;
    std::string out;
    if (!too_deep_) {
      const std::size_t bytes = char_bytes(text_, at_);
      if (bytes > 1) {
        out = std::string(text_.substr(at_, bytes));
        at_ += bytes;
      } else {
        out = element();
      }
    }
    --depth_;
    return out;
  }

  /// A matrix: "[ 1 2; 3 4 ]"; other environments are their content.
  std::string environment() {
    const std::string name = argument();
    const bool matrix = contains(name, "matrix") || name == "array";
    if (name == "array") argument();  // columns
    const bool outer = in_matrix_;
    in_matrix_ = matrix;
    std::string body = until_close("");
    env_ended_ = false;
    in_matrix_ = outer;
    if (!matrix) return body;
    std::string out = "[ ";
    for (const std::string_view row : split(body, ";")) {
      std::string cells;
      for (const std::string_view cell : split(row, " ")) {
        if (!cell.empty()) cells.append(cells.empty() ? "" : " ").append(cell);
      }
      if (!cells.empty()) out.append(out.size() > 2 ? "; " : "").append(cells);
    }
    return out + " ]";
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool too_deep_ = false;
  bool in_matrix_ = false;
  bool env_ended_ = false;
};

}  // namespace

std::optional<std::string> latex_as_text(std::string_view latex) {
  return Writer(latex).run();
}

}  // namespace assay::evals::compat
