// How other harnesses read a chat completion, reproduced with their defects, so that a published
// number can be compared under its own rules.
#pragma once

#include <optional>
#include <string_view>

#include "evals/humaneval/extract_code.h"

namespace assay::evals {

/// OpenAI's simple-evals: the first "```python" block, else the whole text; of it what stands
/// behind the first ":\n    " (the signature, they say), behind the prompt. Without such a place
/// all but the first character.
ExtractedProgram program_as_simple_evals(std::string_view text, std::string_view prompt);

/// lm-evaluation-harness, humaneval_instruct: the text up to its first fence, behind the prompt.
ExtractedProgram program_as_lm_eval(std::string_view text, std::string_view prompt);

/// EvalPlus: the text, behind the prompt if it does not define the entry point. The longest run of
/// lines that is Python, and of it imports and what the entry point needs, is taken in the sandbox
/// (PythonJob::longest_valid_part), where there is a parser.
ExtractedProgram program_as_evalplus(std::string_view text, std::string_view prompt,
                                     std::string_view entry_point);

}  // namespace assay::evals
