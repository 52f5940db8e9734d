// Records of mathematics: the AIME files that exist, and our own mini sets.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "datasets/common/records.h"

namespace assay::datasets {

/// An AIME year: two exams, I and II, of 15 problems each.
struct AimeYear {
  std::string_view dataset;  ///< "aime24"
  std::string_view year;     ///< "2024"
  /// Problem numbers of each exam in the order in which the published files have them.
  std::array<int, 15> file_order;
  /// sha256 of the 30 answers in exam order I-1 ... I-15, II-1 ... II-15, each followed by '\n'.
  std::string_view answers_sha256;
};

/// Reads any of the schemas that exist: text in problem, question or prompt (an appended "Please
/// reason step by step ..." is taken off: prompting is the eval's part); answer an integer, an
/// integral float, or a string with or without leading zeros, stored as plain decimal.
///
/// Ids are "aime24/I-1" ... "aime24/II-15": from the record's own url ("2024_AIME_II_Problems/
/// Problem_3") or ID ("2024-II-3") where it has one, otherwise from its place in the file, since
/// all published files share one order. A place could lie, so the answers in exam order are checked
/// against their known hash: a shuffled file, or one with a wrong answer, is refused.
Result<DatasetContent> read_aime(const std::string& path, const DatasetManifest& manifest,
                                 const AimeYear& year);

/// {"id", "level", "question", "answer"}: our own mini sets; optional: "subject", "solution".
Result<Problem> read_mini_problem(const RecordSource& source);

}  // namespace assay::datasets
