#include "evals/common/token_spans.h"

namespace assay::evals {

using TokenKind = AnswerToken::Kind;

bool is_opening(const AnswerToken& token) {
  if (token.kind == TokenKind::open || token.kind == TokenKind::group_open ||
      token.kind == TokenKind::begin) {
    return true;
  }
  const std::string& text = token.text;
  return text == "(" || text == "[" || text == "\\{" || text == "\\langle" || text == "\\lfloor" ||
         text == "\\lceil";
}

bool is_closing(const AnswerToken& token) {
  if (token.kind == TokenKind::close || token.kind == TokenKind::group_close ||
      token.kind == TokenKind::end) {
    return true;
  }
  const std::string& text = token.text;
  return text == ")" || text == "]" || text == "\\}" || text == "\\rangle" || text == "\\rfloor" ||
         text == "\\rceil";
}

bool encloses(AnswerTokens tokens) {
  if (tokens.size() < 2 || !is_opening(tokens.front())) return false;
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (is_opening(tokens[i])) ++depth;
    if (is_closing(tokens[i]) && --depth == 0) return i + 1 == tokens.size();
  }
  return false;
}

std::vector<AnswerTokens> pieces(AnswerTokens tokens,
                                 const std::function<bool(const AnswerToken&)>& separates) {
  std::vector<AnswerTokens> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (is_opening(tokens[i])) ++depth;
    if (is_closing(tokens[i])) --depth;
    if (depth != 0 || !separates(tokens[i])) continue;
    parts.push_back(tokens.subspan(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(tokens.subspan(begin));
  return parts;
}

bool names_another_choice(AnswerTokens behind) {
  const auto is_letter_at = [&](std::size_t place) {
    return place < behind.size() && behind[place].text.size() == 1 &&
           behind[place].text[0] >= 'A' && behind[place].text[0] <= 'J';
  };
  for (std::size_t i = 0; i + 2 < behind.size(); ++i) {
    if (behind[i].text == "(" && is_letter_at(i + 1) && behind[i + 2].text == ")") return true;
  }
  if (behind.empty()) return false;
  const std::string& first = behind[0].text;
  const bool joins =
      first == "or" || first == "and" || first == "," || first == "/" || first == ";";
  return joins && is_letter_at(1);
}

std::string joined(AnswerTokens tokens) {
  std::string out;
  for (const AnswerToken& token : tokens) {
    if (token.kind == TokenKind::group_open || token.kind == TokenKind::group_close) continue;
    if (!out.empty()) out += ' ';
    if (token.kind == TokenKind::begin) out += "\\begin:";
    if (token.kind == TokenKind::end) out += "\\end:";
    out += token.text;
  }
  return out;
}

std::string folded_text(AnswerTokens tokens) {
  std::string out;
  bool after_number = false;
  for (const AnswerToken& token : tokens) {
    // "1 2" is not 12.
    if (token.kind == TokenKind::number && after_number) out += ' ';
    if (token.kind == TokenKind::number || token.kind == TokenKind::word) {
      after_number = token.kind == TokenKind::number;
    }
    for (const char c : token.text) {
      const bool foreign = token.kind == TokenKind::word && static_cast<unsigned char>(c) >= 0x80;
      if ((c >= '0' && c <= '9') || foreign) out += c;
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return out;
}

}  // namespace assay::evals
