// A file of completions as other tools write it, read into one form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/types.h"
#include "harness/score/json_records.h"
#include "harness/score/sample_shape.h"

namespace assay::score {

/// One completion.
struct ForeignSample {
  std::string id;                     ///< as the file has it; empty: none
  std::optional<std::int64_t> place;  ///< the id, where it is a whole number
  /// The number at the id's end ("request-7"), where all ids are such with one prefix.
  std::optional<std::int64_t> number;
  std::string question;             ///< the problem's text, where the file has it
  std::optional<std::string> gold;  ///< the gold answer, where the file has it; perhaps empty
  std::string text;
  std::optional<std::int64_t> sample;  ///< which of its problem's, where the file says so
  std::optional<bool> label;           ///< the file's own verdict
  std::optional<StopReason> stop;      ///< nothing: the file does not say
  std::vector<TokenId> tokens;         ///< of a journal
  /// How many tokens were generated, where the file only counts them.
  std::optional<std::int64_t> n_tokens;
  std::optional<bool> thinking;  ///< of a journal: its chain profile
  std::string error;             ///< of a journal: generation failed
  std::string where;             ///< "samples.jsonl:12"
};

struct SamplesFile {
  RecordsSummary summary;
  SampleShape shape;
  std::vector<ForeignSample> samples;
  std::int64_t without_completion = 0;  ///< records whose completion field is absent or no text
  /// Records of lm-eval that repeat a completion under another filter.
  std::int64_t other_filters = 0;
  std::int64_t other_tasks = 0;  ///< of a journal: samples of other tasks
};

/// Reads and recognises. `task` chooses among the tasks of a journal. Errors as read_records' and
/// recognise_shape's, and the journal reader's own.
Result<SamplesFile> read_samples(const std::string& path, const SampleFields& given,
                                 const std::string& task, const RecordLimits& limits = {});

/// The answer in a gold field that may hold a whole solution: behind GSM8K's "####" (or "A:" on the
/// last line), else inside the last box, else all of it.
std::string gold_answer(const std::string& text);

}  // namespace assay::score
