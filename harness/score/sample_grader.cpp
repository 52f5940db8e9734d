#include "harness/score/sample_grader.h"

#include <fmt/core.h>

#include "harness/grade_records.h"
#include "harness/names.h"

namespace assay::score {
namespace {

class EvalGrader : public SampleGrader {
 public:
  EvalGrader(const Eval& eval, PromptOptions options)
      : eval_(eval), options_(std::move(options)) {}
  std::string name() const override {
    return fmt::format("{}/{}", eval_.name(), kGraderVersion);
  }
  Grade grade(const Problem& problem, const std::string& text) const override {
    return eval_.grade(problem, text, options_);
  }
  int parallelism() const override { return eval_.grade_parallelism(); }

 private:
  const Eval& eval_;
  PromptOptions options_;
};

}  // namespace

std::vector<std::string> grader_names() {
  return {"assay"};
}

Result<std::unique_ptr<SampleGrader>> make_sample_grader(const std::string& grader,
                                                         const Eval& eval,
                                                         const std::string& dataset,
                                                         const PromptOptions& options) {
  if (grader != "assay") return tl::unexpected(unknown_name("grader", grader, grader_names()));
  if (const std::optional<std::string> why = eval.unavailable()) {
    return env_failure(fmt::format("{} cannot be graded here: {}", dataset, *why));
  }
  return std::make_unique<EvalGrader>(eval, options);
}

}  // namespace assay::score
