#include "harness/score/pairs.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_access.h"
#include "core/text.h"
#include "evals/common/compare_answers.h"
#include "evals/common/compat/compat_grader.h"
#include "evals/common/extract_answer.h"
#include "harness/names.h"
#include "harness/score/json_records.h"
#include "harness/score/problem_match.h"
#include "harness/score/sample_grader.h"

namespace assay::score {
namespace {

using nlohmann::json;

constexpr std::size_t max_text_bytes = 400;

struct Pair {
  std::string gold;
  std::string prediction;
  std::optional<bool> label;
  evals::AnswerPolicy policy;
};

/// Text, or a number as written.
std::optional<std::string> answer_text(const json& record, const char* name) {
  const json& value = json_member(record, name);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  return std::nullopt;
}

std::optional<bool> truth(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number() && (value == 0 || value == 1)) return value == 1;
  if (!value.is_string()) return std::nullopt;
  for (const char* yes : {"true", "equal", "correct", "yes", "1"}) {
    if (value == yes) return true;
  }
  for (const char* no : {"false", "not_equal", "incorrect", "wrong", "no", "0"}) {
    if (value == no) return false;
  }
  return std::nullopt;
}

std::optional<bool> pair_label(const json& record) {
  for (const char* name : {"label", "expected", "equal"}) {
    if (const auto label = truth(json_member(record, name))) return label;
  }
  std::optional<bool> common;
  for (const auto& [name, value] : record.items()) {
    const auto label = name.starts_with("label_") ? truth(value) : std::nullopt;
    if (!label) continue;
    if (common && common != label) return std::nullopt;
    common = label;
  }
  return common;
}

/// What the pair asks beyond its gold answer: `policy` {unit, rename}, or "strict" of the options
/// that Math-Verify's tests keep in `args`.
evals::AnswerPolicy policy_of(const json& record) {
  evals::AnswerPolicy policy;
  const json& given = json_member(record, "policy");
  policy.unit = json_text(given, "unit");
  policy.rename = json_flag(given, "rename")
                      .value_or(!json_flag(json_member(record, "args"), "strict").value_or(true));
  return policy;
}

class PairScorer {
 public:
  /// `compat`: a published protocol, or none for our own comparison.
  explicit PairScorer(const evals::compat::CompatGrader* compat) : compat_(compat) {}

  void add(const Pair& pair) {
    const evals::AnswerComparison comparison = compare(pair);
    json row = {{"verdict", verdict_name(comparison.verdict)},
                {"rung", comparison.rung},
                {"proof", comparison.proof.empty() ? json(nullptr) : json(comparison.proof)},
                {"gold_form", comparison.gold_form},
                {"pred_form", comparison.prediction_form}};
    equal_ += comparison.verdict == Verdict::equal ? 1 : 0;
    undecided_ += comparison.verdict == Verdict::undecided ? 1 : 0;
    if (pair.label) {
      ++labelled_;
      row["label"] = *pair.label;
      const Verdict wanted = *pair.label ? Verdict::equal : Verdict::not_equal;
      if (comparison.verdict == wanted) {
        ++agree_;
      } else {
        json difference = row;
        difference["place"] = rows_.size();
        difference["gold"] = cut_text(pair.gold, max_text_bytes);
        difference["pred"] = cut_text(pair.prediction, max_text_bytes);
        disagreements_.push_back(std::move(difference));
      }
    }
    rows_.push_back(std::move(row));
  }

  json result() const {
    const auto n = static_cast<std::int64_t>(rows_.size());
    json out = {{"equal", equal_},         {"not_equal", n - equal_ - undecided_},
                {"pairs", rows_},          {"agreement", nullptr},
                {"labelled", labelled_},   {"agree", agree_},
                {"undecided", undecided_}, {"disagreements", disagreements_}};
    if (labelled_ > 0) {
      out["agreement"] = static_cast<double>(agree_) / static_cast<double>(labelled_);
    }
    return out;
  }

 private:
  /// Both texts may be sentences around an answer. A protocol takes them as answers already, and
  /// normalises both: what it stored as predictions stays as it is.
  evals::AnswerComparison compare(const Pair& pair) const {
    if (compat_ == nullptr) {
      const std::string gold = evals::answer_in(pair.gold);
      const bool one_box = !evals::asks_for_list(gold);
      return evals::compare_answers(gold, evals::answer_in(pair.prediction, one_box), pair.policy);
    }
    const evals::compat::CompatComparison found =
        compat_->equal(compat_->gold(pair.gold, ""), compat_->gold(pair.prediction, ""));
    evals::AnswerComparison comparison;
    comparison.verdict = found.verdict;
    comparison.rung = found.rung;
    return comparison;
  }

  const evals::compat::CompatGrader* compat_;
  json rows_ = json::array();
  json disagreements_ = json::array();
  std::int64_t labelled_ = 0;
  std::int64_t agree_ = 0;
  std::int64_t equal_ = 0;
  std::int64_t undecided_ = 0;
};

}  // namespace

json score_pairs(const PairsOptions& options, const Listener& listener) {
  const auto* compat = evals::compat::find_compat_grader(options.grader);
  if (compat == nullptr && options.grader != "assay") {
    throw unknown_name("grader", options.grader, grader_names());
  }
  PairScorer scorer(compat);
  Tally without_text;  // lines that hold no pair: counted, and the rest is compared
  std::int64_t n = 0;
  const auto sink = [&](const json& record, const std::string& where) -> Result<void> {
    const auto gold = answer_text(record, "gold");
    auto prediction = answer_text(record, "pred");
    if (!prediction) prediction = answer_text(record, "prediction");
    // null, where the field is there: the model gave no answer.
    for (const char* name : {"pred", "prediction"}) {
      const bool no_answer = record.contains(name) && json_member(record, name).is_null();
      if (!prediction && no_answer) prediction = "";
    }
    if (!gold || !prediction) {
      without_text.add(fmt::format("{}: no text in '{}'", where, gold ? "pred" : "gold"));
      return {};
    }
    scorer.add({*gold, *prediction, pair_label(record), policy_of(record)});
    ++n;
    throw_if_cancelled(listener, "run the same command again");
    return {};
  };
  const RecordsSummary summary = value_or_throw(read_records(options.path, sink));
  if (n == 0) {
    const std::string why =
        without_text.count > 0 ? fmt::format(" ({})", without_text.examples.front()) : "";
    throw Error(ErrorKind::environment, fmt::format("{} holds no pair{}", options.path, why),
                "each line is {\"gold\": ..., \"pred\": ...} with an optional \"label\"");
  }
  json out = scorer.result();
  std::vector<std::string> examples = summary.unreadable.examples;
  examples.insert(examples.end(), without_text.examples.begin(), without_text.examples.end());
  out["grader"] = options.grader;
  out["file"] = {{"name", summary.name},
                 {"container", summary.container},
                 {"records", summary.records},
                 {"unreadable", summary.unreadable.total() + without_text.count},
                 {"unreadable_examples", examples}};
  return out;
}

}  // namespace assay::score
