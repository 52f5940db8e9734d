// From a completion to a Python program, for each of HumanEval's protocols.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::evals {

/// Byte span of a fenced block's content.
struct FencedBlock {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t indent = 0;  ///< of its opening fence
};

/// Markdown's ``` or ~~~ blocks, in order. One that is not closed ends with the text.
std::vector<FencedBlock> fenced_blocks(std::string_view text);

/// Whether `code` has "def name(" with `name` as a whole word.
bool defines_function(std::string_view code, std::string_view name);

struct ExtractedProgram {
  std::string program;    ///< complete: with the prompt's imports and helpers, or its signature
  std::size_t begin = 0;  ///< byte span, in the searched text, of the model's own part
  std::size_t end = 0;
  /// Whether the prompt's own functions are there for the tests (HumanEval/32, 38 and 50 use them).
  bool helpers_for_tests = true;
  /// Whether `program` still holds prose, to be left out where there is a parser (EvalPlus' rule).
  bool needs_parser = false;
};

/// The last fenced block that defines the entry point; else the last fenced block; else the lines
/// of code around its definition. What stands before the entry point in the prompt (imports,
/// helpers) goes in front unless the block has it; a block that is only an indented body goes
/// behind the prompt. Nothing if there is no code at all.
std::optional<ExtractedProgram> program_from_chat(std::string_view text, std::string_view prompt,
                                                  std::string_view entry_point);

/// The prompt and the continuation `text` up to the first of `stops`. A continuation that writes
/// the whole function again, before any fence, replaces the prompt's; one that does so in a fenced
/// block is read as program_from_chat's. Nothing if the text is blank.
std::optional<ExtractedProgram> program_from_continuation(std::string_view text,
                                                          std::string_view prompt,
                                                          std::string_view entry_point,
                                                          const std::vector<std::string>& stops);

/// Code that someone else took out of a completion, as files of samples hold it: a fenced text is
/// read as program_from_chat's; what defines the entry point is the program, with what the prompt
/// has before it; anything else goes behind the prompt. Nothing is cut off.
std::optional<ExtractedProgram> program_from_sample(std::string_view text, std::string_view prompt,
                                                    std::string_view entry_point);

/// As Reflexion and LDB ran their records {solution, test}: a text that defines the entry point
/// stands alone, behind "from typing import *" and "import math", and what the prompt defines is
/// there for the tests only if the text defines it, too. A body goes behind the prompt.
std::optional<ExtractedProgram> program_standing_alone(std::string_view text,
                                                       std::string_view prompt,
                                                       std::string_view entry_point);

}  // namespace assay::evals
