#include "evals/common/token_spans.h"

namespace assay::evals {

using Kind = AnswerToken::Kind;

bool is_opening(const AnswerToken& token) {
  if (token.kind == Kind::open || token.kind == Kind::group_open || token.kind == Kind::begin) {
    return true;
  }
  const std::string& text = token.text;
  return text == "(" || text == "[" || text == "\\{" || text == "\\langle" || text == "\\lfloor" ||
         text == "\\lceil";
}

bool is_closing(const AnswerToken& token) {
  if (token.kind == Kind::close || token.kind == Kind::group_close || token.kind == Kind::end) {
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

}  // namespace assay::evals
