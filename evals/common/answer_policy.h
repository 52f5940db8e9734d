// What one problem asks beyond its gold answer: the unit that a bare gold answer is meant in.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace assay::evals {

struct AnswerPolicy {
  /// The unit of a gold answer that is written without one ("degree", "%", "$", "cm"): a
  /// prediction may leave it out too, but another unit is another answer. "": not known.
  std::string unit;
  /// An answer in one variable may use another letter than a gold answer in one.
  bool rename = false;
};

/// The policy of problem `id` in our own side file (evals/common/policy.json); the default for one
/// that it does not list. The file is frozen: policy_sha256() is part of a score's identity.
AnswerPolicy answer_policy(std::string_view problem_id);
std::string_view policy_sha256();

}  // namespace assay::evals
