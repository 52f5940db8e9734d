#include "evals/humaneval/extract_compat.h"

#include <algorithm>
#include <string>

#include "core/ascii.h"

namespace assay::evals {
namespace {

constexpr std::string_view fence = "```";

ExtractedProgram behind_prompt(std::string_view prompt, std::string_view text, std::size_t begin,
                               std::size_t end) {
  ExtractedProgram out;
  out.program = std::string(prompt) + std::string(text.substr(begin, end - begin));
  out.begin = begin;
  out.end = end;
  return out;
}

}  // namespace

ExtractedProgram program_as_simple_evals(std::string_view text, std::string_view prompt) {
  constexpr std::string_view opening = "```python\n";
  std::size_t begin = 0;
  std::size_t end = text.size();
  if (const std::size_t open = text.find(opening); open != npos) {
    const std::size_t close = text.find(fence, open + opening.size());
    if (close != npos) {
      begin = open + opening.size();
      end = close;
    }
  }
  const std::size_t signature_end = text.substr(begin, end - begin).find(":\n    ");
  // Python's find() gives -1, and they add 2 in any case.
  begin += signature_end == npos ? 1 : signature_end + 2;
  return behind_prompt(prompt, text, std::min(begin, end), end);
}

ExtractedProgram program_as_lm_eval(std::string_view text, std::string_view prompt) {
  return behind_prompt(prompt, text, 0, std::min(text.find(fence), text.size()));
}

ExtractedProgram program_as_evalplus(std::string_view text, std::string_view prompt,
                                     std::string_view entry_point) {
  const bool is_whole = defines_function(text, entry_point);
  ExtractedProgram out =
      behind_prompt(is_whole ? std::string_view() : prompt, text, 0, text.size());
  out.needs_parser = true;
  return out;
}

}  // namespace assay::evals
