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

constexpr std::array kGlossary = {
    Words{"pass@1", "pass@1",
          "Share of problems that one sample gets right, averaged over samples."},
    Words{"avg@n", "avg@n", "The same mean as pass@1, with the number of samples a problem."},
    Words{"cons@k", "cons@k",
          "Share of problems whose most frequent answer of k samples is right."},
    Words{
        "interval", "interval",
        "95 % of such intervals hold the true rate: Wilson's for one sample a problem, otherwise a "
        "bootstrap over problems."},
    Words{"outcome", "outcome",
          "What became of a sample. The classes exclude one another, so that their shares sum to "
          "100 %."},
    Words{
        "component", "part of the chain (C1 to C10)",
        "What a whole reasoning chain has: ten parts, each judged by itself from the text and the "
        "token ids."},
    Words{"complete", "complete chain",
          "Thinking closed, not cut off, no loop, an answer part, a readable answer."},
    Words{"strictly_complete", "strictly complete chain",
          "Complete, and: steps, answer follows, one language, answers agree."},
    Words{"retention", "retention",
          "How much of a reference run's chains another run keeps: token by token, value by value, "
          "problem by problem."},
    Words{"budget", "token budget",
          "The most tokens a completion may have. One run says what a smaller budget would have "
          "left: "
          "an answer counts if it is right and was finished by then."},
    Words{
        "survival", "first-divergence survival",
        "The share of completions that are token for token the same up to there. One that a budget "
        "cut counts as long as it was seen (Kaplan and Meier's estimate)."},
    Words{"near_tie", "near tie",
          "Where two runs part, the baseline was within 0.1 logits of another token: rounding "
          "alone can "
          "turn it."},
    Words{"material", "clear choice",
          "Where two runs part, the baseline's choice was clear: more than rounding differs."},
    Words{"prefill", "prefill", "Reading the prompt, many tokens at once."},
    Words{"decode", "decode", "Writing the answer, one token after another."},
    Words{"bench", "bench", "Speed measured by itself with assay bench, without a task."},
    Words{"batch", "batch",
          "Sequences that are decoded at once; one reading of the weights serves all."},
    Words{"depth", "depth", "Tokens that are in the context already when the measurement begins."},
    Words{"ttft", "TTFT", "Time to first token, from the start of prefill."},
    Words{"tpot", "TPOT", "Time per output token after the first."},
    Words{
        "roofline_plot", "roofline",
        "What a device can do at most: as many operations as its memory brings in bytes for, and "
        "no "
        "more than its arithmetic allows. A run is a point below; how far below is what is left to "
        "gain."},
    Words{
        "roofline", "share of memory bandwidth",
        "Bytes read per second over the bandwidth measured on this device. Above 100 % the weights "
        "fit in a cache, or a measurement is wrong."},
    Words{"weights", "weights", "The model's parameters as they lie in memory."},
    Words{"kv", "keys and values (KV)",
          "What attention remembers of the tokens so far; grows with the context and the batch."},
    Words{"scratch", "scratch", "Memory for values in between, used again at every step."},
    Words{
        "peak", "measured peak",
        "The most memory that the process, or the device, really held; the plan was made before a "
        "weight was read."},
    Words{
        "identity", "identity",
        "Whether two runs of one model under one decoding gave the same: tokens, answers, and the "
        "bits "
        "of all logits."},
    Words{"numerics", "numerics policy",
          "What is promised about the bits of a result: exact, or fast."},
    Words{"exact", "exact", "The numerics policy that gives the same bits on every machine."},
    Words{"fast", "fast",
          "Any order of sums: results may differ between machines in the last bits."},
    Words{"portable", "portable",
          "The bits of the result depend on the model and the prompt alone, not on the machine."},
    Words{"batch_invariant", "batch-invariant",
          "A sequence's result does not depend on what else is decoded beside it."},
    Words{"logits", "logits", "The model's score for each token of its vocabulary at one place."},
    Words{"logits_hash", "logits hash",
          "A fingerprint of the bits of all logits: equal means that nothing differed at all."},
    Words{"proof", "transfer proof",
          "assay verify replayed the run's tokens on another backend or device. Equal bits of all "
          "logits "
          "prove that the run's scores hold there, too."},
    Words{"mcnemar", "McNemar's test",
          "How likely chance alone splits the problems that only one run got right so unevenly."},
    Words{"kv_type", "KV type",
          "How attention's keys and values are stored: f16 takes half the memory of f32."},
    Words{
        "peak_memory", "peak memory",
        "The most memory that the process held at once; of a GPU run, what it held of the GPU's."},
    Words{"cpu_use", "CPU use",
          "CPU time over wall time and threads: 100 % when all threads were busy all the time."},
    Words{
        "energy", "energy",
        "Joules that the machine's own counters (RAPL, NVML) counted during the run; without them "
        "it is unknown."},
};

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
