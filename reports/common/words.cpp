#include "reports/common/words.h"

#include <array>

namespace assay {
namespace {

constexpr std::array<Words, 9> kOutcomeWords = {{
    {"correct_complete", "right, chain complete", "The answer is right and the chain is complete."},
    {"correct_incomplete", "right, chain incomplete",
     "The answer is right, but a part of the chain is missing."},
    {"wrong_complete", "wrong, chain complete", "The chain is complete, the answer is wrong."},
    {"wrong_incomplete", "wrong, chain incomplete",
     "The answer is wrong and a part of the chain is missing."},
    {"truncated", "cut off", "The token budget ended before the model did."},
    {"looped", "looped", "The text repeats itself."},
    {"no_answer", "no answer", "It ended by itself without an answer that could be read."},
    {"undecided", "undecided", "The grader's work budget ended before it could decide."},
    {"infrastructure_failure", "failed",
     "Generating or grading broke: neither right nor wrong, and not part of any score."},
}};

constexpr std::array<Words, 10> kComponentWords = {{
    {"C1", "thinking closed", "The thinking part was opened once and closed once."},
    {"C2", "not cut off", "The model ended by itself, not by the token budget."},
    {"C3", "no loop", "No passage repeats over and over."},
    {"C4", "answer part", "There is text after the thinking part."},
    {"C5", "answer readable", "An answer was found and can be read (code: it compiles)."},
    {"C6", "steps", "The reasoning has at least two steps."},
    {"C7", "arithmetic holds",
     "No equation in the text is contradicted by exact arithmetic. Evidence only: never part of "
     "\"complete\"."},
    {"C8", "answer follows", "The answer equals a value stated near the end of the reasoning."},
    {"C9", "one language", "At least 95 % of the letters are in the prompt's script."},
    {"C10", "answers agree", "All boxed answers after the thinking part are equal."},
}};

constexpr std::array<Words, 12> kGlossary = {{
    {"pass@1", "pass@1", "Share of problems that one sample gets right, averaged over samples."},
    {"interval", "interval",
     "95 % of such intervals hold the true rate: Wilson's for one sample a problem, otherwise a "
     "bootstrap over problems."},
    {"complete", "complete chain",
     "Thinking closed, not cut off, no loop, an answer part, a readable answer."},
    {"strictly_complete", "strictly complete chain",
     "Complete, and: steps, answer follows, one language, answers agree."},
    {"prefill", "prefill", "Reading the prompt, many tokens at once."},
    {"decode", "decode", "Writing the answer, one token after another."},
    {"ttft", "TTFT", "Time to first token, from the start of prefill."},
    {"tpot", "TPOT", "Time per output token after the first."},
    {"roofline", "share of memory bandwidth",
     "Bytes of weights read per second over the bandwidth measured on this device."},
    {"exact", "exact", "The numerics policy that gives the same bits on every machine."},
    {"fast", "fast", "Any order of sums: results may differ between machines in the last bits."},
    {"logits_hash", "logits hash",
     "A fingerprint of the bits of all logits: equal means that nothing differed at all."},
}};

}  // namespace

std::span<const Words> outcome_words() {
  return kOutcomeWords;
}
std::span<const Words> component_words() {
  return kComponentWords;
}
std::span<const Words> glossary_words() {
  return kGlossary;
}

}  // namespace assay
