// Compatibility graders: what other evaluation programs read out of a stored completion, and what
// they call equal, known mistakes included, so that a published score can be compared under the
// rules it was made with (docs/grading.md, "Compatibility graders"). Never used for a score of our
// own.
//
// Written from the protocols' behaviour; none of their code is here. Where they ask sympy,
// symbolic.h does what sympy does for the answers that occur; docs/compat-agreement.md has the
// measured agreement with recorded verdicts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/eval.h"

namespace assay::evals::compat {

/// Which rule of the protocol decided.
namespace rung {
inline constexpr const char* identical = "identical";  ///< the same text after normalisation
inline constexpr const char* choice = "choice";        ///< a letter A to E found in the prediction
inline constexpr const char* numeric = "numeric";      ///< within the protocol's tolerance
inline constexpr const char* percent = "percent";      ///< numeric after times or over 100
inline constexpr const char* brackets = "brackets";    ///< the same text without its brackets
inline constexpr const char* elements = "elements";    ///< list or matrix, element by element
inline constexpr const char* equation = "equation";    ///< both sides moved to the left
inline constexpr const char* symbolic = "symbolic";    ///< the same function or constant
inline constexpr const char* integer = "integer";      ///< an integer must match literally
inline constexpr const char* none = "no rule";         ///< not equal: no rule made them equal
inline constexpr const char* no_answer = "no answer";  ///< not equal: nothing was extracted
inline constexpr const char* budget = "budget";        ///< undecided: more work than is allowed
}  // namespace rung

struct CompatComparison {
  Verdict verdict = Verdict::not_equal;
  std::string rung = rung::none;
};

/// What a protocol knows beside the completion.
struct CompatTask {
  std::string_view dataset;  ///< the protocol's own name ("math500", "minerva_math"); may be empty
  std::string_view gold;     ///< as the dataset has it: qwen reads choice letters by it
};

/// One protocol. Every function is pure, deterministic, total on any bytes, and bounded in work.
struct CompatGrader {
  std::string_view name;     ///< "hendrycks", "prm800k", "qwen", "lm-eval"
  std::string_view summary;  ///< one line for --help
  /// The answer the protocol reads out of a whole completion (thinking included: these programs
  /// knew none); nothing where it finds none. May be empty where the protocol takes "" for an
  /// answer.
  std::optional<std::string> (*extract)(std::string_view text, const CompatTask& task);
  /// The gold answer as the protocol's own data loader would write it.
  std::string (*gold)(std::string_view gold, std::string_view dataset);
  /// Compares what `gold` and `extract` returned. Not symmetric in general.
  CompatComparison (*equal)(std::string_view gold, std::string_view prediction);
};

/// CompatGrader::gold of protocols that take the dataset's answer as it stands.
std::string gold_as_is(std::string_view gold, std::string_view dataset);

/// All of them, in the order of the names above.
std::span<const CompatGrader> compat_graders();

/// Nothing for an unknown name.
const CompatGrader* find_compat_grader(std::string_view name);

struct CompatGrade {
  std::optional<std::string> extracted;
  std::string gold;  ///< normalised
  Verdict verdict = Verdict::not_equal;
  std::string rung;
};

/// extract, gold and equal in one go: what `assay score --grader NAME` says of a completion.
CompatGrade compat_grade(const CompatGrader& grader, std::string_view text, const CompatTask& task);

}  // namespace assay::evals::compat
