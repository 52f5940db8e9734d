#include "harness/score/score.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "core/json_access.h"
#include "core/plugins.h"
#include "core/text.h"
#include "evals/chain/chain.h"
#include "evals/chain/outcome.h"
#include "harness/fetch/files.h"
#include "harness/grade_records.h"
#include "harness/names.h"
#include "harness/parallel.h"
#include "harness/score/problem_match.h"
#include "harness/score/sample_grader.h"
#include "harness/task_source.h"

namespace assay::score {
namespace {

using nlohmann::json;

/// Examples of what was left out, and differences from the file's labels, that are named.
constexpr std::size_t max_named = 1000;

/// What grades the task's completions, and where its problems come from.
struct Task {
  const DatasetPlugin* dataset = nullptr;  ///< none: the file itself holds the gold answers
  std::unique_ptr<Eval> eval;
  DatasetContent content;
  bool has_content = false;
};

bool file_has_gold(const SamplesFile& file) {
  return std::any_of(file.samples.begin(), file.samples.end(),
                     [](const ForeignSample& sample) { return sample.gold.has_value(); });
}

/// A task that assay does not know may be scored by the answers in the file, unless the name looks
/// like a slip.
Task find_task_or_answers(const ScoreOptions& options, const SamplesFile& file) {
  Task task;
  Result<const DatasetPlugin*> found = find_task(options.task);
  if (found) {
    task.dataset = *found;
  } else if (found.error().hint().starts_with("did you mean") || !file_has_gold(file)) {
    throw Error(found.error());
  } else if (options.fields.answer.empty()) {
    throw Error(ErrorKind::usage, found.error().message(),
                fmt::format("to grade it by the file's own answers, add --answer-field {}",
                            name_for_message(file.shape.fields.answer)));
  }
  const std::string eval = task.dataset != nullptr ? task.dataset->manifest.eval : "math";
  task.eval = value_or_throw(find_eval(eval))->create();
  return task;
}

/// Problems from the named file, else from the program or the cache; with gold answers in the file
/// of samples nothing is downloaded.
void load_problems(const ScoreOptions& options, const SamplesFile& file, const Listener& listener,
                   Task& task, Scored& scored) {
  if (task.dataset == nullptr) {
    scored.notes.push_back(
        fmt::format("'{}' is no task of assay: graded as answers, by the gold answers in the file",
                    name_for_message(options.task)));
    return;
  }
  const DatasetManifest& manifest = task.dataset->manifest;
  if (!options.dataset_path.empty()) {
    task.content = value_or_throw(task.dataset->read(options.dataset_path));
    task.has_content = true;
    return;
  }
  const bool answers_suffice = file_has_gold(file) && !is_code_eval(*task.eval);
  if (answers_suffice &&
      (!options.fields.answer.empty() || !dataset_availability(manifest).available)) {
    scored.notes.push_back(fmt::format("gold answers are the file's own (field '{}')",
                                       name_for_message(file.shape.fields.answer)));
    return;
  }
  task.content = read_dataset(*task.dataset, listener);
  task.has_content = true;
}

/// A gold answer that is not even equal to itself in a box grades nothing: 1000 in an AIME file.
bool is_usable_gold(const Eval& eval, const std::string& gold) {
  Problem problem;
  problem.answer = gold;
  return eval.grade(problem, "\\boxed{" + gold + "}", {}).verdict == Verdict::equal;
}

/// Whether the file is the task or a part of it: its ids or texts are the dataset's; where that is
/// not at hand, its ids begin with the task's name.
OwnGolds own_golds(const SamplesFile& file, const Task& task, bool published_protocol,
                   const Listener& listener) {
  OwnGolds golds;
  if (!published_protocol)
    golds.usable = [&eval = *task.eval](const std::string& gold) {
      return is_usable_gold(eval, gold);
    };
  if (task.dataset == nullptr) return golds;
  const DatasetManifest& manifest = task.dataset->manifest;
  golds.n_known = manifest.n_problems;
  const auto named = std::count_if(
      file.samples.begin(), file.samples.end(),
      [&](const ForeignSample& sample) { return sample.id.starts_with(manifest.name + "/"); });
  golds.ids_of_task = 2 * named > std::ssize(file.samples);
  if (!golds.ids_of_task && dataset_availability(manifest).available) {
    golds.ids_of_task = are_of_dataset(file, read_dataset(*task.dataset, listener).problems);
  }
  return golds;
}

/// Each sample's profile: the option's, else the journal's, else what the tags tell. Returns how
/// many texts without a tag count as chains that never closed.
std::int64_t set_profiles(const ScoreOptions& options, SamplesFile& file) {
  if (options.profile != ProfileChoice::automatic) {
    for (ForeignSample& sample : file.samples) {
      sample.thinking = options.profile == ProfileChoice::thinking;
    }
    return 0;
  }
  // Only the tags by which the answer zone is found make a profile (evals/common/answer_zone.h).
  std::vector<std::string_view> texts;
  for (const ForeignSample& sample : file.samples) {
    const bool tagged = sample.text.find("<think>") != std::string::npos ||
                        sample.text.find("</think>") != std::string::npos;
    texts.emplace_back(tagged ? std::string_view(sample.text) : std::string_view());
  }
  const std::vector<bool> thinking = chain::thinking_texts(texts);
  std::int64_t tagless = 0;
  for (std::size_t i = 0; i < file.samples.size(); ++i) {
    if (file.samples[i].thinking) continue;
    file.samples[i].thinking = thinking[i];
    tagless += thinking[i] && texts[i].empty() ? 1 : 0;
  }
  return tagless;
}

/// Most samples': "thinking" where at least half think.
bool is_thinking(const SamplesFile& file) {
  const auto n = std::count_if(file.samples.begin(), file.samples.end(),
                               [](const auto& sample) { return sample.thinking.value_or(false); });
  return n > 0 && 2 * n >= std::ssize(file.samples);
}

/// Code in a file of samples was taken out of its completion by whoever wrote it; only our own
/// journal, and texts with thinking tags, hold what the model said.
std::string default_protocol(const SamplesFile& file, const Eval& eval) {
  const bool said = file.shape.name == journal_shape || is_thinking(file);
  if (!is_code_eval(eval) || said) return eval.protocols().front();
  return file.shape.name == "reflexion" ? "standalone" : "samples";
}

std::string protocol_of(const ScoreOptions& options, const SamplesFile& file, const Eval& eval) {
  if (options.protocol.empty()) return default_protocol(file, eval);
  std::vector<std::string> known = eval.protocols();
  const std::vector<std::string> stored = eval.stored_protocols();
  known.insert(known.end(), stored.begin(), stored.end());
  if (std::find(known.begin(), known.end(), options.protocol) == known.end()) {
    throw unknown_name("protocol", options.protocol, known);
  }
  return options.protocol;
}

/// The end token is not part of a chain; without a tokenizer it is known by where it stands.
chain::ChainInput chain_input(const Problem& problem, const ForeignSample& sample,
                              const Grade& grade, bool thinking) {
  chain::ChainInput input;
  input.thinking = thinking;
  input.text = sample.text;
  input.tokens = sample.tokens;
  if (sample.stop == StopReason::eos && !sample.tokens.empty()) {
    input.tokens = input.tokens.first(sample.tokens.size() - 1);
  }
  input.stop = sample.stop;
  input.answer_parses = grade.answer_parses;
  input.answer = answer_span(grade);
  input.answer_value = answer_value(grade);
  input.prompt = problem.question;
  return input;
}

/// As chain::outcome_of; right and wrong answers whose completeness nobody can know from the file
/// are classes of their own.
std::string outcome_class(const Grade& grade, const chain::ChainAnalysis& analysis,
                          bool generated) {
  using chain::Outcome;
  const Outcome outcome = chain::outcome_of(grade, analysis, generated);
  if (!analysis.complete.has_value()) {
    if (outcome == Outcome::correct_incomplete) return "correct_completeness_unknown";
    if (outcome == Outcome::wrong_incomplete) return "wrong_completeness_unknown";
  }
  return std::string(chain::outcome_name(outcome));
}

/// One completion to grade, and its records.
struct Work {
  std::size_t problem = 0;
  const ForeignSample* sample = nullptr;
  json sample_record;
  json grade_record;
  json chain_record;
};

std::vector<Work> work_of(const SamplesFile& file, const Matched& matched,
                          const std::string& task) {
  std::vector<Work> work;
  for (std::size_t p = 0; p < matched.problems.size(); ++p) {
    std::int64_t number = 0;
    for (const std::size_t i : matched.problems[p].samples) {
      const ForeignSample& sample = file.samples[i];
      Work one;
      one.problem = p;
      one.sample = &sample;
      const std::string& id = matched.problems[p].problem.id;
      one.sample_record = {{"type", "sample"},    {"key", fmt::format("{}#{}#{}", p, id, number)},
                           {"task", task},        {"problem", id},
                           {"index", p},          {"sample", number},
                           {"text", sample.text}, {"tokens", nullptr},
                           {"stop", nullptr},     {"where", sample.where}};
      // Unknown lengths are null, never 0.
      if (!sample.tokens.empty()) one.sample_record["tokens"] = sample.tokens;
      if (sample.n_tokens) one.sample_record["n_tokens"] = *sample.n_tokens;
      if (sample.stop) one.sample_record["stop"] = stop_reason_name(*sample.stop);
      if (!sample.error.empty()) {
        one.sample_record["stop"] = stop_reason_name(StopReason::error);
        one.sample_record["error"] = sample.error;
      }
      work.push_back(std::move(one));
      ++number;
    }
  }
  return work;
}

void grade_one(const SampleGrader& grader, const PromptOptions& prompt, const Problem& problem,
               Work& work) {
  const ForeignSample& sample = *work.sample;
  const bool generated = sample.error.empty();
  const bool thinking = sample.thinking.value_or(prompt.thinking);
  Grade grade;
  if (generated) {
    grade = grader.grade(problem, sample.text, thinking);
  } else {
    grade.status = Grade::Status::infrastructure_failure;
    grade.why = sample.error;
  }
  const chain::ChainAnalysis analysis =
      chain::analyse(chain_input(problem, sample, grade, thinking));
  const std::string key = work.sample_record.at("key");
  work.grade_record = grade_record({key, grader.name(), prompt.protocol, problem.answer}, grade);
  work.chain_record =
      chain_record(key, analysis, thinking, outcome_class(grade, analysis, generated));
}

json tally_json(const Tally& tally) {
  return {{"count", tally.count}, {"examples", tally.examples}};
}

json shape_json(const SampleShape& shape) {
  const auto name = [](const std::string& field) { return field.empty() ? json() : json(field); };
  return {{"name", shape.name},
          {"grounds", shape.grounds},
          {"fields",
           {{"id", name(shape.fields.id)},
            {"completion", name(shape.fields.completion)},
            {"answer", name(shape.fields.answer)},
            {"question", name(shape.fields.question)},
            {"label", name(shape.fields.label)}}}};
}

json counts_json(const SamplesFile& file, const Matched& matched, const std::vector<Work>& work) {
  std::int64_t unclosed = 0;
  for (const Work& one : work) {
    unclosed += json_flag(json_member(one.grade_record, "details"), "unclosed").value_or(false);
  }
  return {{"samples", file.samples.size()},
          {"scored", work.size()},
          {"problems", matched.problems.size()},
          {"of_problems", matched.n_problems > 0 ? json(matched.n_problems) : json(nullptr)},
          {"without_completion", file.without_completion},
          {"without_gold", matched.without_gold},
          {"other_filters", file.other_filters},
          {"other_tasks", file.other_tasks},
          {"unclosed", unclosed},
          {"unknown_ids", tally_json(matched.unknown_ids)},
          {"duplicates", tally_json(matched.duplicates)},
          {"missing_problems", tally_json(matched.missing)}};
}

/// The file's own verdicts beside ours.
json labels_json(const SampleShape& shape, const std::vector<Work>& work) {
  std::int64_t n = 0;
  std::int64_t right = 0;
  std::int64_t agree = 0;
  json differences = json::array();
  for (const Work& one : work) {
    if (!one.sample->label || !one.sample->error.empty()) continue;
    ++n;
    right += *one.sample->label ? 1 : 0;
    const std::string verdict = one.grade_record.at("verdict");
    if ((verdict == "equal") == *one.sample->label) {
      ++agree;
    } else if (differences.size() < max_named) {
      differences.push_back(
          {{"id", one.sample_record.at("problem")},
           {"sample", one.sample_record.at("sample")},
           {"label", *one.sample->label},
           {"verdict", verdict},
           {"rung", one.grade_record.at("rung")},
           {"gold", one.grade_record.at("gold")},
           {"extracted", cut_text(one.grade_record.at("extracted").get<std::string>(), 400)},
           {"where", one.sample->where}});
    }
  }
  if (n == 0) return nullptr;
  const std::string field = shape.name == journal_shape ? "verdict" : shape.fields.label;
  return {
      {"field", field}, {"n", n}, {"right", right}, {"agree", agree}, {"differences", differences}};
}

/// The plan's entry: n_problems of the whole task, so that a part shows as one.
json task_json(const ScoreOptions& options, const Task& task, const Matched& matched,
               const PromptOptions& prompt) {
  std::size_t fewest = matched.problems.front().samples.size();
  for (const ProblemSamples& problem : matched.problems) {
    fewest = std::min(fewest, problem.samples.size());
  }
  const std::int64_t n = matched.n_problems > 0 ? matched.n_problems : std::ssize(matched.problems);
  return {{"name", options.task},
          {"protocol", prompt.protocol},
          {"eval", task.eval->name()},
          {"grader", options.grader},
          {"gold_from", task.has_content ? "dataset" : "file"},
          {"dataset_sha256", task.content.sha256.empty() ? json() : json(task.content.sha256)},
          {"n_problems", n},
          {"samples_per_problem", fewest},
          {"max_new_tokens", nullptr},
          {"chain_profile", prompt.thinking ? "thinking" : "plain"},
          {"skipped", nullptr},
          {"given", true},
          {"pass_at", options.pass_at}};
}

void grade_all(const SampleGrader& grader, const PromptOptions& prompt, const Matched& matched,
               const std::string& task, std::vector<Work>& work, const Listener& listener) {
  std::int64_t done = 0;  // guarded by `mutex`, as the listener is
  std::mutex mutex;
  parallel_for(work.size(), grader.parallelism(), listener.cancelled, [&](std::size_t i) {
    grade_one(grader, prompt, matched.problems[work[i].problem].problem, work[i]);
    const std::lock_guard lock(mutex);
    listener.progress({fmt::format("grading {}", task), ++done, std::ssize(work), false, ""});
  });
  throw_if_cancelled(listener, "nothing was written; run the same command again");
}

/// Samples whose file says right or wrong, and those of them where we say the same.
struct LabelAgreement {
  std::int64_t n = 0;
  std::int64_t agree = 0;
};

LabelAgreement agreement_of(const std::vector<Work>& work) {
  LabelAgreement out;
  for (const Work& one : work) {
    if (!one.sample->label || !one.sample->error.empty()) continue;
    ++out.n;
    out.agree += (one.grade_record.at("verdict") == "equal") == *one.sample->label ? 1 : 0;
  }
  return out;
}

/// A file of code does not say how it was run: behind which imports, with which helpers. Its own
/// verdicts tell: where they differ from ours, the other readings are tried, and the one that
/// reproduces the most of them is taken, with a note.
class CodeReading {
 public:
  CodeReading(const ScoreOptions& options, const Eval& eval, const Matched& matched)
      : options_(options), eval_(eval), matched_(matched) {}

  bool is_open(const SamplesFile& file) const {
    return options_.protocol.empty() && is_code_eval(eval_) && file.shape.name != journal_shape;
  }

  void settle(PromptOptions& prompt, std::vector<Work>& work, const SamplesFile& file,
              const Listener& listener, std::vector<std::string>& notes) const {
    const std::string first = prompt.protocol;
    LabelAgreement best = agreement_of(work);
    if (best.n == 0 || best.agree == best.n) return;
    const std::int64_t agreed_first = best.agree;
    for (const char* name : {"samples", "standalone", "evalplus"}) {
      if (name == first || best.agree == best.n) continue;
      PromptOptions other = prompt;
      other.protocol = name;
      const auto grader =
          value_or_throw(make_sample_grader(options_.grader, eval_, options_.task, other));
      std::vector<Work> again = work_of(file, matched_, options_.task);
      grade_all(*grader, other, matched_, options_.task, again, listener);
      const LabelAgreement found = agreement_of(again);
      if (found.agree <= best.agree) continue;
      best = found;
      prompt = other;
      work = std::move(again);
    }
    if (prompt.protocol == first) return;
    notes.push_back(fmt::format(
        "the file does not say how its code was run: protocol {} agrees with {} of its {} own "
        "verdicts, {} with {}; --protocol {} scores it the other way",
        prompt.protocol, best.agree, best.n, first, agreed_first, first));
  }

 private:
  const ScoreOptions& options_;
  const Eval& eval_;
  const Matched& matched_;
};

}  // namespace

Scored score_file(const ScoreOptions& options, const Listener& listener) {
  Scored scored;
  SamplesFile file = value_or_throw(read_samples(options.path, options.fields, options.task));
  Task task = find_task_or_answers(options, file);
  PromptOptions prompt;
  const std::int64_t tagless = set_profiles(options, file);
  prompt.protocol = protocol_of(options, file, *task.eval);
  prompt.thinking = is_thinking(file);
  if (tagless > 0) {
    scored.notes.push_back(
        fmt::format("{} of {} texts have no thinking tag and count as chains that never closed, as "
                    "the others only close theirs; --chain-profile plain reads them as answers",
                    tagless, file.samples.size()));
  }
  const std::unique_ptr<SampleGrader> grader =
      value_or_throw(make_sample_grader(options.grader, *task.eval, options.task, prompt));
  load_problems(options, file, listener, task, scored);
  const Matched matched = value_or_throw(
      task.has_content
          ? match_to_dataset(file, options.task, task.content.problems)
          : match_to_itself(file, options.task,
                            own_golds(file, task, options.grader != "assay", listener)));
  scored.notes.insert(scored.notes.end(), matched.notes.begin(), matched.notes.end());
  std::vector<Work> work = work_of(file, matched, options.task);
  grade_all(*grader, prompt, matched, options.task, work, listener);
  const CodeReading reading(options, *task.eval, matched);
  if (reading.is_open(file)) reading.settle(prompt, work, file, listener, scored.notes);
  scored.task = task_json(options, task, matched, prompt);
  scored.file = summary_json(file.summary);
  scored.file["sha256"] = value_or_throw(fetch::hash_file(options.path, listener.cancelled));
  scored.shape = shape_json(file.shape);
  scored.counts = counts_json(file, matched, work);
  scored.labels = labels_json(file.shape, work);
  for (Work& one : work) {
    const std::string key = one.sample_record.at("key");
    scored.journal.samples.push_back(std::move(one.sample_record));
    scored.journal.grades[key] = std::move(one.grade_record);
    scored.journal.chains[key] = std::move(one.chain_record);
  }
  return scored;
}

}  // namespace assay::score
