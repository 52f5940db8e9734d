// Who says whether a completion is right: a task's own eval, or a published protocol.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/eval.h"

namespace assay::score {

class SampleGrader {
 public:
  virtual ~SampleGrader() = default;
  /// Name and version, for the records.
  virtual std::string name() const = 0;
  /// `thinking`: the profile of this text.
  virtual Grade grade(const Problem& problem, const std::string& text, bool thinking) const = 0;
  /// Completions that may be graded at once.
  virtual int parallelism() const { return 1; }
};

/// "assay" and the compatibility graders.
std::vector<std::string> grader_names();

/// `eval` must outlive the grader. Error{usage}: an unknown grader, or one of answers for a task
/// that is graded by tests. Error{environment}: the eval cannot grade here, with the remedy.
Result<std::unique_ptr<SampleGrader>> make_sample_grader(const std::string& grader,
                                                         const Eval& eval,
                                                         const std::string& dataset,
                                                         const PromptOptions& options);

/// Whether programs are run: answers then have no gold text, and code stands in the file as it is.
bool is_code_eval(const Eval& eval);

}  // namespace assay::score
