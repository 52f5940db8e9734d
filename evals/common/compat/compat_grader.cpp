#include "evals/common/compat/compat_grader.h"

#include <array>

#include "evals/common/compat/hendrycks.h"
#include "evals/common/compat/minerva.h"
#include "evals/common/compat/prm800k.h"
#include "evals/common/compat/qwen_equal.h"

namespace assay::evals::compat {

std::string gold_as_is(std::string_view gold, std::string_view /*dataset*/) {
  return std::string(gold);
}

std::span<const CompatGrader> compat_graders() {
  static const std::array graders = {hendrycks_grader(), prm800k_grader(), qwen_grader(),
                                     minerva_grader()};
  return graders;
}

const CompatGrader* find_compat_grader(std::string_view name) {
  for (const CompatGrader& grader : compat_graders()) {
    if (grader.name == name) return &grader;
  }
  return nullptr;
}

CompatGrade compat_grade(const CompatGrader& grader, std::string_view text,
                         const CompatTask& task) {
  CompatGrade grade;
  grade.gold = grader.gold(task.gold, task.dataset);
  grade.extracted = grader.extract(text, {task.dataset, grade.gold});
  if (!grade.extracted) {
    grade.rung = rung::no_answer;
    return grade;
  }
  CompatComparison compared = grader.equal(grade.gold, *grade.extracted);
  grade.verdict = compared.verdict;
  grade.rung = std::move(compared.rung);
  return grade;
}

}  // namespace assay::evals::compat
