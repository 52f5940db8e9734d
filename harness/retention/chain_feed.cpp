#include "harness/retention/chain_feed.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.h"
#include "core/numerics/sampler.h"
#include "core/text.h"

namespace assay {

ChainFeed::ChainFeed(FedModel& model, const RecordedSample& sample, bool with_hidden)
    : model_(model), sample_(sample), sequence_(model.session->open()) {
  if (!with_hidden) return;
  model_.session->set_probe([this](std::string_view name, ConstTensor values) {
    if (name != "final_norm") return;
    hidden_.insert(hidden_.end(), values.data, values.data + values.size());
  });
}

ChainFeed::~ChainFeed() {
  model_.session->set_probe(nullptr);
  model_.session->close(sequence_);
}

std::span<const float> ChainFeed::next() {
  const std::size_t total = sample_.tokens.size();
  const std::size_t vocab = model_.vocab();
  hidden_.clear();
  if (done_ == total) return {};
  std::size_t count = 1;
  if (done_ == 0) {
    logits_.resize(vocab);
    model_.session->prefill(sequence_, sample_.prompt, false, logits_);
  } else {
    // Position i is predicted by token i - 1.
    count = std::min(kPositions, total - done_);
    logits_.resize(vocab * count);
    const auto part = std::span(sample_.tokens).subspan(done_ - 1, count);
    model_.session->prefill(sequence_, part, true, logits_);
  }
  if (const auto bad = numerics::find_non_finite(logits_)) {
    throw Error(ErrorKind::environment,
                fmt::format("{}: {}'s logits are not finite at generated position {}",
                            name_for_message(sample_.problem), model_.plan.model.file->name,
                            done_ + static_cast<std::size_t>(*bad) / vocab),
                "try another backend, or --numerics exact");
  }
  done_ += count;
  return logits_;
}

std::vector<float> decoded_logits(FedModel& model, const RecordedSample& sample, std::size_t n) {
  ASSAY_ASSERT(n >= 1 && n <= sample.tokens.size());
  const std::size_t vocab = model.vocab();
  std::vector<float> logits(n * vocab);
  const SequenceId sequence = model.session->open();
  model.session->prefill(sequence, sample.prompt, false, std::span(logits).first(vocab));
  for (std::size_t i = 1; i < n; ++i) {
    const DecodeItem item{sequence, sample.tokens[i - 1]};
    model.session->decode(std::span(&item, 1), std::span(logits).subspan(i * vocab, vocab));
  }
  model.session->close(sequence);
  return logits;
}

}  // namespace assay
