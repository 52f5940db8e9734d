// Which problem each foreign completion answers, and what was left out on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/eval.h"
#include "harness/score/samples_file.h"

namespace assay::score {

/// How often something was met, and the first few names.
struct Tally {
  std::int64_t count = 0;
  std::vector<std::string> examples;
  void add(const std::string& name);
};

struct ProblemSamples {
  Problem problem;
  std::vector<std::size_t> samples;  ///< places in SamplesFile::samples, in the file's order
};

struct Matched {
  /// Problems with at least one sample, in the dataset's order (without one: the file's).
  std::vector<ProblemSamples> problems;
  /// Of the whole task; 0: nobody knows.
  std::int64_t n_problems = 0;
  Tally unknown_ids;               ///< samples of no problem of the dataset: left out
  Tally duplicates;                ///< samples that repeat another: left out
  Tally missing;                   ///< problems of the dataset without a sample
  std::vector<std::string> notes;  ///< how places were read, where that is not sure
  std::int64_t without_gold = 0;   ///< samples left out because the file gives no gold answer
  Tally unusable_gold;             ///< those of them whose gold answer the task cannot grade by
  Tally absent_gold;               ///< the others
};

/// Matches by id; else by the problem's text, blanks aside; else, where ids are whole numbers and
/// the file has no texts, by place in the dataset: from 1 where the last problem's number from 1
/// occurs, 0 does not and most problems are there, else from 0. A file without ids and texts that
/// has as many samples as the dataset problems is in its order. Error{environment} when nothing
/// matches.
///
/// A problem's id may come again: those are its samples. Left out as duplicates are byte-identical
/// repeats from another record: under the same sample number, or beyond the number of samples that
/// most problems have. A list in one record holds samples, alike or not.
Result<Matched> match_to_dataset(const SamplesFile& file, const std::string& task,
                                 const std::vector<Problem>& problems);

/// What a task says of a file that brings its own gold answers.
struct OwnGolds {
  std::int64_t n_known = 0;  ///< problems of the task; 0: nobody knows
  bool ids_of_task =
      false;  ///< the file's ids are the task's: the task is the whole, else the file
  /// Whether a gold answer can be graded by; none: all count, empty ones too, as a published
  /// protocol has it.
  std::function<bool(const std::string&)> usable;
};

/// Without a dataset: each id (else each problem's text, else each record) is a problem, its gold
/// answer the file's. What has none, or none that can be used, is left out and counted.
Result<Matched> match_to_itself(const SamplesFile& file, const std::string& task,
                                const OwnGolds& golds);

/// Whether more than half of the samples are of these problems, by id or text.
bool are_of_dataset(const SamplesFile& file, const std::vector<Problem>& problems);

}  // namespace assay::score
