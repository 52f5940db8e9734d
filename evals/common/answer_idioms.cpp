#include "evals/common/answer_idioms.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "evals/common/answer_frames.h"
#include "evals/common/answer_words.h"
#include "evals/common/number_words.h"
#include "evals/common/token_spans.h"

namespace assay::evals {
namespace {

using Token = AnswerToken;
using TokenKind = AnswerToken::Kind;
using Tokens = std::vector<AnswerToken>;

bool is_any(std::string_view text, std::initializer_list<std::string_view> set) {
  return std::find(set.begin(), set.end(), text) != set.end();
}

Token made(TokenKind kind, std::string text) {
  return {kind, std::move(text), false, false};
}

bool is_whole_number(const Token& token) {
  return token.kind == TokenKind::number && token.text.find_first_of(".e") == std::string::npos;
}

/// One rule looks at the front of `rest`: how many tokens it took, having written what they mean;
/// 0: it is not about these.
class Rewriter {
 public:
  explicit Rewriter(AnswerTokens tokens) : tokens_(tokens), rest_(tokens) {}

  Tokens run() {
    while (!rest_.empty()) {
      const std::size_t used = taken();
      if (used == 0) out_.push_back(rest_[0]);
      rest_ = rest_.subspan(std::max<std::size_t>(used, 1));
    }
    return std::move(out_);
  }

 private:
  std::size_t taken() {
    using Rule = std::size_t (Rewriter::*)();
    for (const Rule rule :
         {&Rewriter::sign_word, &Rewriter::number_word, &Rewriter::ordinal,
          &Rewriter::degree_letter, &Rewriter::indexed_choice, &Rewriter::raised_choice,
          &Rewriter::plain_choice, &Rewriter::root, &Rewriter::negated_relation,
          &Rewriter::glued_log_base, &Rewriter::base_in_brackets, &Rewriter::index_in_brackets,
          &Rewriter::modulus, &Rewriter::per_cent, &Rewriter::per_one, &Rewriter::per_slash,
          &Rewriter::root_in_words, &Rewriter::unit_vector, &Rewriter::positive_reals}) {
      if (const std::size_t used = (this->*rule)()) return used;
    }
    return 0;
  }

  const Token* at(std::size_t place) const {
    return place < rest_.size() ? &rest_[place] : nullptr;
  }
  bool sees(std::string_view text, std::size_t place = 0) const {
    return at(place) != nullptr && rest_[place].text == text;
  }
  bool sees(TokenKind kind, std::size_t place = 0) const {
    return at(place) != nullptr && rest_[place].kind == kind;
  }
  bool sees_word(std::string_view lower, std::size_t place = 0) const {
    return sees(TokenKind::word, place) && lower_case(rest_[place].text) == lower;
  }
  bool is_first() const { return rest_.size() == tokens_.size(); }

  /// A braced or single argument at `place`: its tokens without braces, and where it ends.
  std::pair<AnswerTokens, std::size_t> argument(std::size_t place) const {
    if (!sees(TokenKind::open, place) && !sees(TokenKind::group_open, place)) {
      const std::size_t size = at(place) != nullptr ? 1 : 0;
      return {rest_.subspan(std::min(place, rest_.size()), size), place + size};
    }
    int depth = 0;
    for (std::size_t i = place; i < rest_.size(); ++i) {
      if (is_opening(rest_[i])) ++depth;
      if (is_closing(rest_[i]) && --depth == 0) {
        return {rest_.subspan(place + 1, i - place - 1), i + 1};
      }
    }
    return {{}, place};
  }

  void braced(AnswerTokens inside) {
    out_.push_back(made(TokenKind::open, "{"));
    out_.insert(out_.end(), inside.begin(), inside.end());
    out_.push_back(made(TokenKind::close, "}"));
  }

  // --- words ---

  std::size_t sign_word() {
    if (!is_first() || !(sees_word("minus") || sees_word("negative")) || rest_.size() < 2) return 0;
    const bool value = sees(TokenKind::number, 1) || sees(TokenKind::command, 1) || sees("(", 1) ||
                       number_in_words(rest_.subspan(1)).has_value() ||
                       !constant_named(rest_[1].text).empty();
    if (!value) return 0;
    out_.push_back(made(TokenKind::symbol, "-"));
    return 1;
  }

  std::size_t number_word() {
    const bool begins = is_first() || (out_.size() == 1 && out_[0].text == "-");
    if (!begins || !(sees(TokenKind::word) || sees(TokenKind::number))) return 0;
    const std::optional<NumberInWords> number = number_in_words(rest_);
    if (!number) return 0;
    const bool blank = rest_[0].blank_before;
    const std::string numerator = number->value.get_num().get_str();
    if (number->value.get_den() == 1) {
      out_.push_back({TokenKind::number, numerator, false, blank});
    } else {
      out_.push_back({TokenKind::command, "\\frac", false, blank});
      const Token above = made(TokenKind::number, numerator);
      const Token below = made(TokenKind::number, number->value.get_den().get_str());
      braced({&above, 1});
      braced({&below, 1});
    }
    return number->used;
  }

  std::size_t ordinal() {
    const auto ending = [this](std::size_t place) {
      return sees(TokenKind::word, place) && is_any(rest_[place].text, {"th", "st", "nd", "rd"});
    };
    if (!is_whole_number(rest_[0])) return 0;
    std::size_t used = 0;
    if (ending(1) && (!rest_[1].blank_before || rest_[1].in_text)) used = 2;
    if (sees("^", 1) && sees(TokenKind::open, 2) && ending(3) && sees(TokenKind::close, 4))
      used = 5;
    if (used > 0) out_.push_back(rest_[0]);
    return used;
  }

  std::size_t degree_letter() {
    const bool letter =
        sees("^") && sees(TokenKind::open, 1) && sees("o", 2) && sees(TokenKind::close, 3);
    if (!letter || out_.empty() || out_.back().kind != TokenKind::number) return 0;
    out_.push_back(made(TokenKind::command, "\\degree"));
    return 4;
  }

  std::size_t per_cent() {
    if (!sees_word("per") || !sees_word("cent", 1)) return 0;
    out_.push_back({TokenKind::word, "percent", true, true});
    return 2;
  }

  /// "18 a day"
  std::size_t per_one() {
    const bool each = sees_word("a") && rest_[0].blank_before && sees(TokenKind::word, 1) &&
                      rest_[1].text.size() > 2 && is_plain_word(rest_[1].text);
    if (!each || out_.empty() || out_.back().kind != TokenKind::number) return 0;
    out_.push_back({TokenKind::word, "per", true, true});
    return 1;
  }

  /// "18/day", "14/\text{hour}"
  std::size_t per_slash() {
    const bool word =
        sees("/") && sees(TokenKind::word, 1) && rest_[1].text.size() > 1 &&
        (rest_[1].in_text || (function_named(rest_[1].text).empty() &&
                              greek_named(rest_[1].text).empty() && is_plain_word(rest_[1].text)));
    if (!word || out_.empty() || out_.back().kind != TokenKind::number) return 0;
    out_.push_back({TokenKind::word, "per", true, true});
    out_.push_back({TokenKind::word, rest_[1].text, true, true});
    return 2;
  }

  /// "the cube root of 2"
  std::size_t root_in_words() {
    const std::size_t at = sees_word("the") ? 1 : 0;
    const bool cube = sees_word("cube", at);
    const bool named = (cube || sees_word("square", at)) && sees_word("root", at + 1) &&
                       sees_word("of", at + 2) && sees(TokenKind::number, at + 3);
    if (!named || !is_first()) return 0;
    out_.push_back(made(TokenKind::command, "\\sqrt"));
    if (cube) {
      out_.insert(out_.end(), {made(TokenKind::symbol, "["), made(TokenKind::number, "3"),
                               made(TokenKind::symbol, "]")});
    }
    braced(rest_.subspan(at + 3, 1));
    return at + 4;
  }

  // --- combinations ---

  bool is_choice_letter(std::size_t place) const {
    return sees(TokenKind::word, place) &&
           (sees("C", place) || sees("P", place) || sees("A", place));
  }

  /// n over k, or n!/(n-k)!.
  void choose(AnswerTokens n, AnswerTokens k, bool ordered) {
    if (!ordered) {
      out_.push_back(made(TokenKind::command, "\\binom"));
      braced(n);
      braced(k);
      return;
    }
    Tokens above{made(TokenKind::symbol, "(")};
    above.insert(above.end(), n.begin(), n.end());
    above.insert(above.end(), {made(TokenKind::symbol, ")"), made(TokenKind::symbol, "!")});
    Tokens below{made(TokenKind::symbol, "(")};
    below.insert(below.end(), n.begin(), n.end());
    below.insert(below.end(), {made(TokenKind::symbol, "-"), made(TokenKind::symbol, "(")});
    below.insert(below.end(), k.begin(), k.end());
    below.insert(below.end(), {made(TokenKind::symbol, ")"), made(TokenKind::symbol, ")"),
                               made(TokenKind::symbol, "!")});
    out_.push_back(made(TokenKind::command, "\\frac"));
    braced(above);
    braced(below);
  }

  /// ^{10}C_3 and _{10}C_3, with or without {} before.
  std::size_t indexed_choice() {
    std::size_t place = sees(TokenKind::group_open) && sees(TokenKind::group_close, 1) ? 2 : 0;
    if (!sees("^", place) && !sees("_", place)) return 0;
    const bool behind_operand = place == 0 && !out_.empty() &&
                                out_.back().kind != TokenKind::symbol && !is_opening(out_.back());
    if (behind_operand) return 0;
    const auto [n, letter] = argument(place + 1);
    if (n.empty() || !is_choice_letter(letter) || !sees("_", letter + 1)) return 0;
    const auto [k, end] = argument(letter + 2);
    if (k.empty()) return 0;
    choose(n, k, !sees("C", letter));
    return end;
  }

  /// C_{10}^3 and C^3_{10} with numbers; A and P for arrangements.
  std::size_t raised_choice() {
    if (!is_choice_letter(0) || !(sees("_", 1) || sees("^", 1))) return 0;
    const auto [first, middle] = argument(2);
    const bool lower_first = sees("_", 1);
    if (!sees(lower_first ? "^" : "_", middle)) return 0;
    const auto [second, end] = argument(middle + 1);
    const auto number = [](AnswerTokens part) {
      return part.size() == 1 && is_whole_number(part[0]);
    };
    if (!number(first) || !number(second)) return 0;
    choose(lower_first ? first : second, lower_first ? second : first, !sees("C"));
    return end;
  }

  /// 10C3 as all of the answer.
  std::size_t plain_choice() {
    if (!is_first() || rest_.size() != 3 || !is_whole_number(rest_[0]) ||
        !is_whole_number(rest_[2]) || !(sees("C", 1) || sees("P", 1))) {
      return 0;
    }
    choose(rest_.first(1), rest_.subspan(2, 1), sees("P", 1));
    return 3;
  }

  // --- notation ---

  std::size_t root() {
    if (!sees("\\root")) return 0;
    const auto [index, of] = argument(1);
    if (index.empty() || !sees("\\of", of)) return 0;
    const auto [radicand, end] = argument(of + 1);
    if (radicand.empty()) return 0;
    out_.push_back({TokenKind::command, "\\sqrt", false, rest_[0].blank_before});
    out_.push_back(made(TokenKind::symbol, "["));
    out_.insert(out_.end(), index.begin(), index.end());
    out_.push_back(made(TokenKind::symbol, "]"));
    braced(radicand);
    return end;
  }

  std::size_t negated_relation() {
    if (!sees("\\not") || !(sees("=", 1) || sees("\\in", 1))) return 0;
    out_.push_back(made(TokenKind::command, sees("=", 1) ? "\\neq" : "\\notin"));
    return 2;
  }

  /// log2(8), log10(5)
  std::size_t glued_log_base() {
    const bool glued = sees("log") && sees(TokenKind::number, 1) && !rest_[1].blank_before &&
                       is_any(rest_[1].text, {"2", "10"}) && sees("(", 2) && !rest_[2].blank_before;
    if (!glued) return 0;
    out_.push_back(rest_[0]);
    out_.push_back(made(TokenKind::symbol, "_"));
    braced(rest_.subspan(1, 1));
    return 2;
  }

  std::size_t base_in_brackets() {
    if (!sees("(") || !sees_word("base", 1) || is_first()) return 0;
    std::size_t end = 2;
    while (end < rest_.size() && !sees(")", end)) ++end;
    if (end + 1 != rest_.size()) return 0;
    out_.insert(out_.end(), rest_.begin() + 1, rest_.end() - 1);
    return rest_.size();
  }

  /// 1011_{(2)}
  std::size_t index_in_brackets() {
    const bool brackets = sees("_") && sees(TokenKind::open, 1) && sees("(", 2) &&
                          sees(TokenKind::number, 3) && sees(")", 4) && sees(TokenKind::close, 5);
    if (!brackets || out_.empty() || out_.back().kind != TokenKind::number) return 0;
    out_.push_back(rest_[0]);
    braced(rest_.subspan(3, 1));
    return 6;
  }

  /// (mod 7), (\bmod 7)
  std::size_t modulus() {
    const bool mod = sees("(") && (sees_word("mod", 1) || sees("\\bmod", 1) || sees("\\mod", 1));
    if (!mod || is_first()) return 0;
    const auto bracket = std::find_if(rest_.begin(), rest_.end(),
                                      [](const Token& token) { return token.text == ")"; });
    if (bracket == rest_.end()) return 0;
    const auto length = static_cast<std::size_t>(bracket - rest_.begin());
    out_.push_back(made(TokenKind::command, "\\pmod"));
    braced(rest_.subspan(2, length - 2));
    return length + 1;
  }

  /// \hat{i}, \vec{k}: the unit vectors, however they are marked.
  std::size_t unit_vector() {
    const bool marked = (sees("\\hat") || sees("\\vec")) && sees(TokenKind::open, 1) &&
                        sees(TokenKind::word, 2) && sees(TokenKind::close, 3);
    if (!marked || !is_any(rest_[2].text, {"i", "j", "k"})) return 0;
    out_.push_back({TokenKind::word, rest_[2].text, false, rest_[0].blank_before});
    return 4;
  }

  /// \mathbb{R}^+
  std::size_t positive_reals() {
    if (!sees("\\mathbb") || !sees("R", 2) || !sees("^", 4)) return 0;
    const std::size_t sign = sees(TokenKind::open, 5) ? 6 : 5;
    if (!sees("+", sign)) return 0;
    out_.insert(out_.end(), rest_.begin(), rest_.begin() + 4);
    out_.push_back(made(TokenKind::symbol, "_"));
    braced(rest_.subspan(sign, 1));
    return sign == 6 ? 8 : 6;
  }

  AnswerTokens tokens_;
  AnswerTokens rest_;
  Tokens out_;
};

// --- about the whole answer ---

/// 0.(3), 0.1(6)
Tokens with_period_in_brackets(Tokens tokens) {
  const bool dotted = tokens.size() == 5 && tokens[1].text == ".";
  if (tokens.size() != 4 && !dotted) return tokens;
  const std::size_t open = dotted ? 2 : 1;
  const bool digits = tokens[0].kind == TokenKind::number && tokens[open].text == "(" &&
                      is_whole_number(tokens[open + 1]) && tokens[open + 2].text == ")" &&
                      (tokens[0].text.find('.') != std::string::npos) != dotted;
  const bool glued = std::none_of(tokens.begin() + 1, tokens.end(),
                                  [](const Token& token) { return token.blank_before; });
  if (!digits || !glued || tokens[0].text.find('e') != std::string::npos) return tokens;
  Token whole = tokens[0];
  if (dotted) whole.text += '.';
  return {whole, made(TokenKind::command, "\\overline"), made(TokenKind::open, "{"),
          tokens[open + 1], made(TokenKind::close, "}")};
}

/// "3 to 5" as all of the answer.
Tokens with_ratio(Tokens tokens) {
  const bool ratio = tokens.size() == 3 && tokens[0].kind == TokenKind::number &&
                     tokens[2].kind == TokenKind::number && tokens[1].kind == TokenKind::word &&
                     lower_case(tokens[1].text) == "to";
  if (ratio) tokens[1] = made(TokenKind::symbol, ":");
  return tokens;
}

/// "Rs. 50"
Tokens with_rupees_behind(Tokens tokens) {
  const bool rupees = tokens.size() > 1 && tokens[0].kind == TokenKind::word &&
                      is_any(lower_case(tokens[0].text), {"rs", "inr"});
  const std::size_t place = rupees && tokens[1].text == "." ? 2 : 1;
  if (!rupees || place >= tokens.size() || tokens[place].kind != TokenKind::number) return tokens;
  Tokens moved(tokens.begin() + static_cast<std::ptrdiff_t>(place), tokens.end());
  moved.push_back({TokenKind::word, "rupee", true, true});
  return moved;
}

}  // namespace

std::vector<AnswerToken> with_idioms(AnswerTokens tokens) {
  tokens = without_frame(tokens);
  Tokens written = Rewriter(tokens).run();
  return with_rupees_behind(with_ratio(with_period_in_brackets(std::move(written))));
}

}  // namespace assay::evals
