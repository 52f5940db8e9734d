// Cleaning a corpus of chains: which are fit to train on or to compare with, and why the others are
// dropped.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/chain/analyse_text.h"

namespace assay {

/// Why a chain is dropped, in this order.
enum class DropReason {
  empty,         ///< no text
  broken,        ///< the thinking part is not opened once and closed once, or no answer follows it
  cut_off,       ///< it stops in the middle
  looping,       ///< it runs in circles
  jumping,       ///< fewer than two steps, step numbers that skip, or an answer nothing leads to
  mixed,         ///< it changes its language
  contradictory  ///< its boxed answers differ
};
/// "empty", "broken", "cut off", "looping", "jumping", "mixed languages", "contradictory answers".
std::string_view drop_reason_name(DropReason reason);

struct Drop {
  DropReason reason = DropReason::empty;
  std::string why;  ///< one phrase: "step 2 is followed by step 5"
};

/// All reasons that hold, in order; none: the chain is kept. Arithmetic that does not hold drops
/// nothing: it is evidence for a person.
std::vector<Drop> drops_of(const ChainText& text, const TextAnalysis& analysis);

/// A kept chain: id, question, answer, steps[] and chain, the steps with "[STEP]" before each.
nlohmann::json cleaned_record(const ChainText& text, const TextAnalysis& analysis);

}  // namespace assay
