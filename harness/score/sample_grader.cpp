#include "harness/score/sample_grader.h"

#include <fmt/core.h>

#include <utility>

#include "evals/common/compat/compat_grader.h"
#include "harness/grade_records.h"
#include "harness/names.h"

namespace assay::score {
namespace {

class EvalGrader : public SampleGrader {
 public:
  EvalGrader(const Eval& eval, PromptOptions options) : eval_(eval), options_(std::move(options)) {}
  std::string name() const override { return fmt::format("{}/{}", eval_.name(), kGraderVersion); }
  Grade grade(const Problem& problem, const std::string& text, bool thinking) const override {
    PromptOptions options = options_;
    options.thinking = thinking;
    return eval_.grade(problem, text, options);
  }
  int parallelism() const override { return eval_.grade_parallelism(); }

 private:
  const Eval& eval_;
  PromptOptions options_;
};

/// A published protocol reads and compares by itself; the task only gives the gold answer.
class CompatSampleGrader : public SampleGrader {
 public:
  CompatSampleGrader(const evals::compat::CompatGrader& grader, std::string dataset)
      : grader_(grader), dataset_(std::move(dataset)) {}
  std::string name() const override { return fmt::format("{}/{}", grader_.name, kGraderVersion); }
  Grade grade(const Problem& problem, const std::string& text, bool /*thinking*/) const override {
    const evals::compat::CompatGrade found =
        evals::compat::compat_grade(grader_, text, {dataset_, problem.answer});
    Grade grade;
    grade.verdict = found.verdict;
    grade.rung = found.rung;
    grade.extracted = found.extracted.value_or("");
    grade.answer_found = !grade.extracted.empty();
    grade.answer_parses = grade.answer_found;
    grade.details["normalised"] = grade.extracted;
    grade.details["gold"] = found.gold;
    return grade;
  }

 private:
  const evals::compat::CompatGrader& grader_;
  std::string dataset_;
};

}  // namespace

std::vector<std::string> grader_names() {
  std::vector<std::string> names = {"assay"};
  for (const auto& grader : evals::compat::compat_graders()) names.emplace_back(grader.name);
  return names;
}

Result<std::unique_ptr<SampleGrader>> make_sample_grader(const std::string& grader,
                                                         const Eval& eval,
                                                         const std::string& dataset,
                                                         const PromptOptions& options) {
  if (grader != "assay") {
    const evals::compat::CompatGrader* compat = evals::compat::find_compat_grader(grader);
    if (compat == nullptr) return tl::unexpected(unknown_name("grader", grader, grader_names()));
    if (is_code_eval(eval)) {
      return failure(
          ErrorKind::usage,
          fmt::format("grader {} compares answers; {} is graded by its tests", grader, dataset),
          "leave --grader out");
    }
    return std::make_unique<CompatSampleGrader>(*compat, dataset);
  }
  if (const std::optional<std::string> why = eval.unavailable()) {
    return env_failure(fmt::format("{} cannot be graded here: {}", dataset, *why));
  }
  return std::make_unique<EvalGrader>(eval, options);
}

bool is_code_eval(const Eval& eval) {
  return eval.name() == "humaneval";
}

}  // namespace assay::score
