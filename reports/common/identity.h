// Whether two runs gave the same tokens and answers, problem by problem.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

namespace assay {

/// A task's rows by problem and number of the sample; they point into the report.
using RowsBySample = std::map<std::pair<std::string, std::int64_t>, const nlohmann::json*>;
RowsBySample rows_by_sample(const nlohmann::json& task);

/// Why scores of one task may not stand side by side ("the token budgets differ: 64 and 128");
/// empty when they may. `a` and `b` are entries of report.json's tasks.
std::string why_scores_differ_in_kind(const nlohmann::json& a, const nlohmann::json& b);

/// Why tokens may not be compared at all (another model, decoding or prompt template); empty when
/// they may. `a` and `b` are whole reports.
std::string why_tokens_differ_in_kind(const nlohmann::json& a, const nlohmann::json& b);

/// {problems, same_tokens, same_answer, same_logits, why} over the samples that both tasks hold;
/// same_logits is null where one side has none. A sample counts only if both runs finished it under
/// the same prompt.
nlohmann::json compare_samples(const nlohmann::json& task_a, const nlohmann::json& task_b);

/// The task of that name, or null.
const nlohmann::json& task_named(const nlohmann::json& report, const std::string& name);

}  // namespace assay
