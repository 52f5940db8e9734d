#include "harness/score/problem_match.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/text.h"

namespace assay::score {
namespace {

constexpr std::size_t max_shown = 5;

/// The text with every run of blanks as one, so that line ends and indentation do not matter.
std::string collapsed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// Finds problems by whatever a file has of them.
class ProblemIndex {
 public:
  /// `first_place`: the number of the first problem; nothing: no matching by place.
  ProblemIndex(const std::vector<Problem>& problems, std::optional<std::int64_t> first_place)
      : n_problems_(problems.size()), first_place_(first_place) {
    for (std::size_t i = 0; i < problems.size(); ++i) {
      by_id_[problems[i].id] = i;
      // "math500/algebra/12" is "algebra/12" and "test/algebra/12.json" elsewhere.
      const std::size_t slash = problems[i].id.find('/');
      if (slash != std::string::npos) by_tail_[problems[i].id.substr(slash + 1)] = i;
      const std::string text = collapsed(problems[i].question);
      if (text.size() >= key_bytes) by_begin_[text.substr(0, key_bytes)].push_back(i);
      by_text_[text] = i;
      texts_.push_back(text);
    }
  }

  std::optional<std::size_t> find(const ForeignSample& sample,
                                  std::optional<std::int64_t> number) const {
    if (auto found = at(by_id_, sample.id)) return found;
    if (!sample.question.empty()) {
      const std::string text = collapsed(sample.question);
      if (auto found = at(by_text_, text)) return found;
      if (auto found = inside(text)) return found;
    }
    if (!number) {
      std::string_view tail = sample.id;
      if (tail.starts_with("test/")) tail.remove_prefix(5);
      if (tail.ends_with(".json")) tail.remove_suffix(5);
      return at(by_tail_, std::string(tail));
    }
    if (!first_place_ || *number < *first_place_) return std::nullopt;
    const auto place =
        static_cast<std::uint64_t>(*number) - static_cast<std::uint64_t>(*first_place_);
    return place < n_problems_ ? std::optional(static_cast<std::size_t>(place)) : std::nullopt;
  }

 private:
  using Map = std::unordered_map<std::string, std::size_t>;

  /// The last problem whose text stands in a prompt, behind examples or before instructions.
  std::optional<std::size_t> inside(std::string_view prompt) const {
    std::optional<std::size_t> last;
    for (std::size_t begin = 0; begin + key_bytes <= prompt.size(); ++begin) {
      const bool word = begin == 0 || !std::isalnum(static_cast<unsigned char>(prompt[begin - 1]));
      if (!word) continue;
      const auto found = by_begin_.find(std::string(prompt.substr(begin, key_bytes)));
      if (found == by_begin_.end()) continue;
      for (const std::size_t i : found->second) {
        if (prompt.substr(begin).starts_with(texts_[i])) last = i;
      }
    }
    return last;
  }

  static std::optional<std::size_t> at(const Map& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  }

  Map by_id_;
  Map by_tail_;
  Map by_text_;
  /// Problems by the first bytes of their texts; shorter texts are no sure sign in a prompt.
  static constexpr std::size_t key_bytes = 32;
  std::unordered_map<std::string, std::vector<std::size_t>> by_begin_;
  std::vector<std::string> texts_;
  std::size_t n_problems_;
  std::optional<std::int64_t> first_place_;
};

using Number = std::optional<std::int64_t>;

/// Each sample's number: its id, or what the id ends in, where no id is a problem's own, of this or
/// another task ("HumanEval/7"), and no number beyond the last problem's.
std::vector<Number> numbers_of(const SamplesFile& file, const std::vector<Problem>& problems) {
  const ProblemIndex index(problems, std::nullopt);
  const bool foreign =
      std::none_of(file.samples.begin(), file.samples.end(), [&](const ForeignSample& sample) {
        return sample.id.find('/') != std::string::npos ||
               sample.number.value_or(0) > std::ssize(problems) ||
               index.find(sample, sample.place).has_value();
      });
  std::vector<Number> numbers;
  numbers.reserve(file.samples.size());
  for (const ForeignSample& sample : file.samples) {
    numbers.push_back(sample.place || !foreign ? sample.place : sample.number);
  }
  return numbers;
}

/// Whether whole numbers as ids count the problems from 0 or from 1.
std::int64_t first_place_of(const std::vector<Number>& numbers, std::size_t n_problems,
                            Matched& matched) {
  std::set<std::int64_t> places;
  for (const Number& number : numbers) {
    if (number) places.insert(*number);
  }
  const auto n = static_cast<std::int64_t>(n_problems);
  if (places.contains(0) || places.empty()) return 0;
  const bool last = places.contains(n) && 2 * places.size() >= n_problems;
  // 1, 2, 3, ... without a gap: who counts from 0 has a 0.
  constexpr std::size_t enough = 5;
  const bool without_gap =
      places.size() >= enough && *places.begin() == 1 && *places.rbegin() == std::ssize(places);
  const std::string why = last ? fmt::format(": {} occurs and 0 does not", n)
                          : without_gap
                              ? ": they begin with 1 and have no gap"
                              : ": neither 0, nor the last from 1, nor 1 without a gap says so";
  matched.notes.push_back(
      fmt::format("ids are taken as places from {} on{}", last || without_gap ? 1 : 0, why));
  return last || without_gap ? 1 : 0;
}

/// A file without ids and texts, one sample a problem: in the dataset's order.
bool in_dataset_order(const SamplesFile& file, std::size_t n_problems) {
  return file.samples.size() == n_problems &&
         std::all_of(file.samples.begin(), file.samples.end(), [](const ForeignSample& sample) {
           return sample.id.empty() && sample.question.empty();
         });
}

std::string name_of(const ForeignSample& sample) {
  return sample.id.empty() ? sample.where : name_for_message(sample.id);
}

/// The number of samples that more than half of the problems have; 0: there is none.
std::size_t common_count(const std::vector<ProblemSamples>& problems) {
  std::map<std::size_t, std::size_t> histogram;
  for (const ProblemSamples& problem : problems) ++histogram[problem.samples.size()];
  for (const auto& [count, n] : histogram) {
    if (2 * n > problems.size()) return count;
  }
  return 0;
}

/// Takes the duplicates out of one problem's samples.
void drop_duplicates(const SamplesFile& file, std::size_t common, ProblemSamples& problem,
                     Tally& duplicates) {
  std::vector<std::size_t> kept;
  std::set<std::int64_t> numbers;
  std::map<std::string_view, std::string_view> texts;  // and the record that had it first
  const std::size_t total = problem.samples.size();
  std::size_t dropped = 0;
  for (const std::size_t i : problem.samples) {
    const ForeignSample& sample = file.samples[i];
    const bool number_again = sample.sample && !numbers.insert(*sample.sample).second;
    const auto [first, is_new] = texts.emplace(sample.text, sample.where);
    const bool copy = !is_new && first->second != sample.where;
    const bool beyond = common > 0 && !sample.sample && total - dropped > common;
    if (copy && (number_again || beyond)) {
      duplicates.add(fmt::format("{} at {}", name_of(sample), sample.where));
      ++dropped;
    } else {
      kept.push_back(i);
    }
  }
  problem.samples = std::move(kept);
}

void drop_all_duplicates(const SamplesFile& file, Matched& matched) {
  const std::size_t common = common_count(matched.problems);
  for (ProblemSamples& problem : matched.problems) {
    drop_duplicates(file, common, problem, matched.duplicates);
  }
}

}  // namespace

void Tally::add(const std::string& name) {
  ++count;
  if (examples.size() < max_shown) examples.push_back(name);
}

Result<Matched> match_to_dataset(const SamplesFile& file, const std::string& task,
                                 const std::vector<Problem>& problems) {
  const bool has_questions = std::any_of(file.samples.begin(), file.samples.end(),
                                         [](const auto& s) { return !s.question.empty(); });
  std::vector<std::vector<std::size_t>> samples(problems.size());
  Matched matched;
  matched.n_problems = std::ssize(problems);
  const std::vector<Number> numbers = numbers_of(file, problems);
  Number first_place;
  if (!has_questions) first_place = first_place_of(numbers, problems.size(), matched);
  const ProblemIndex index(problems, first_place);
  const bool in_order = in_dataset_order(file, problems.size());
  if (in_order) {
    matched.notes.push_back(
        "the file has no ids: its lines are taken to be in the dataset's order");
  }
  for (std::size_t i = 0; i < file.samples.size(); ++i) {
    if (in_order) {
      samples[i].push_back(i);
    } else if (const auto place = index.find(file.samples[i], numbers[i])) {
      samples[*place].push_back(i);
    } else {
      matched.unknown_ids.add(name_of(file.samples[i]));
    }
  }
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (samples[i].empty()) {
      matched.missing.add(problems[i].id);
    } else {
      matched.problems.push_back({problems[i], std::move(samples[i])});
    }
  }
  if (matched.problems.empty()) {
    const std::string first =
        file.samples.empty() ? "none" : fmt::format("'{}'", name_of(file.samples.front()));
    return env_failure(
        fmt::format("{}: none of its {} samples belongs to a problem of {} (first id: {})",
                    file.summary.name, file.samples.size(), task, first),
        fmt::format("ids of {} look like '{}'; --id-field names the field", task,
                    problems.empty() ? "" : problems.front().id));
  }
  drop_all_duplicates(file, matched);
  return matched;
}

bool are_of_dataset(const SamplesFile& file, const std::vector<Problem>& problems) {
  const ProblemIndex index(problems, std::nullopt);
  const auto n =
      std::count_if(file.samples.begin(), file.samples.end(), [&](const ForeignSample& sample) {
        return index.find(sample, sample.place ? sample.place : sample.number).has_value();
      });
  return 2 * n > std::ssize(file.samples);
}

Result<Matched> match_to_itself(const SamplesFile& file, const std::string& task,
                                const OwnGolds& golds) {
  Matched matched;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < file.samples.size(); ++i) {
    const ForeignSample& sample = file.samples[i];
    if (!sample.gold || (golds.usable && sample.gold->empty())) {
      ++matched.without_gold;
      matched.absent_gold.add(sample.where);
      continue;
    }
    if (golds.usable && !golds.usable(*sample.gold)) {
      ++matched.without_gold;
      matched.unusable_gold.add(
          fmt::format("'{}' at {}", name_for_message(*sample.gold), sample.where));
      continue;
    }
    std::string key = !sample.id.empty() ? sample.id : collapsed(sample.question);
    if (key.empty()) key = sample.where;
    const auto [entry, is_new] = places.emplace(key, matched.problems.size());
    if (is_new) {
      Problem problem;
      problem.id = sample.id.empty() ? fmt::format("{}/{}", task, entry->second) : sample.id;
      problem.question = sample.question;
      problem.answer = *sample.gold;
      matched.problems.push_back({std::move(problem), {}});
    }
    matched.problems[entry->second].samples.push_back(i);
  }
  const std::int64_t found = std::ssize(matched.problems);
  if (found == 0) {
    return env_failure(
        matched.unusable_gold.count == 0
            ? fmt::format("{}: no record has both a completion and a gold answer",
                          file.summary.name)
            : fmt::format("{}: none of its gold answers can be used by {}, such as {}",
                          file.summary.name, task, matched.unusable_gold.examples.front()),
        "name the fields with --completion-field and --answer-field");
  }
  if (matched.unusable_gold.count > 0) {
    matched.notes.push_back(
        fmt::format("{} samples left out: {} cannot be graded by their gold "
                    "answers, such as {}",
                    matched.unusable_gold.count, task, matched.unusable_gold.examples.front()));
  }
  if (matched.absent_gold.count > 0) {
    matched.notes.push_back(fmt::format("{} samples left out: no gold answer, as at {}",
                                        matched.absent_gold.count,
                                        matched.absent_gold.examples.front()));
  }
  const std::int64_t n_known = golds.n_known;
  if (n_known > 0 && found > n_known) {
    return failure(
        ErrorKind::usage,
        fmt::format("{} has {} problems, {} has only {}", file.summary.name, found, task, n_known),
        "name the task that the file belongs to");
  }
  matched.n_problems = golds.ids_of_task ? n_known : 0;
  matched.missing.count = golds.ids_of_task && n_known > 0 ? n_known - found : 0;
  drop_all_duplicates(file, matched);
  return matched;
}

}  // namespace assay::score
