#include "harness/replay.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/numerics/hash.h"
#include "core/numerics/sampler.h"
#include "harness/divergence.h"

namespace assay {
namespace {

/// Tokens whose logits are held at once in prefill.
constexpr std::int64_t kPrefillTokens = 64;

class Replay {
 public:
  Replay(Session& session, ReplayMode mode, const Listener& listener, std::int64_t total)
      : session_(session),
        mode_(mode),
        listener_(listener),
        total_(total),
        vocab_(static_cast<std::size_t>(session.config().vocab)) {}

  void check(const RecordedSample& sample, std::int64_t position, std::span<const float> logits) {
    const auto at = static_cast<std::size_t>(position);
    const TokenId likeliest = numerics::argmax(logits);
    ++result.positions;
    if (likeliest == sample.tokens[at]) ++result.top1_agreements;
    if (numerics::to_hex(numerics::hash_logits(logits)) == sample.hashes[at]) {
      ++result.bit_equal;
    } else if (!result.first_divergence) {
      result.first_divergence = {&sample,           position,  mode_,
                                 sample.tokens[at], likeliest, numerics::top2_margin(logits)};
    }
    if (result.positions % 16 == 0) tell();
  }

  /// Several sequences step by step; one that ends makes room for nothing: all begin together.
  void step_by_step(std::span<const RecordedSample> samples) {
    std::vector<SequenceId> sequences;
    std::vector<float> logits(vocab_ * samples.size());
    for (const RecordedSample& sample : samples) {
      sequences.push_back(session_.open());
      const std::span<float> row = std::span(logits).first(vocab_);
      session_.prefill(sequences.back(), sample.prompt, false, row);
      check(sample, 0, row);
    }
    for (std::int64_t position = 1; !listener_.cancelled(); ++position) {
      std::vector<DecodeItem> items;
      std::vector<const RecordedSample*> present;
      for (std::size_t i = 0; i < samples.size(); ++i) {
        if (position >= std::ssize(samples[i].tokens)) continue;
        items.push_back({sequences[i], samples[i].tokens[static_cast<std::size_t>(position - 1)]});
        present.push_back(&samples[i]);
      }
      if (items.empty()) break;
      session_.decode(items, std::span(logits).first(vocab_ * items.size()));
      for (std::size_t i = 0; i < items.size(); ++i) {
        check(*present[i], position, std::span(logits).subspan(i * vocab_, vocab_));
      }
    }
    for (const SequenceId sequence : sequences) session_.close(sequence);
  }

  void at_once(const RecordedSample& sample) {
    const SequenceId sequence = session_.open();
    std::vector<float> logits(vocab_ * kPrefillTokens);
    const std::span<float> row = std::span(logits).first(vocab_);
    session_.prefill(sequence, sample.prompt, false, row);
    check(sample, 0, row);
    const std::int64_t n = std::ssize(sample.tokens) - 1;  // behind the last nothing was drawn
    for (std::int64_t start = 0; start < n && !listener_.cancelled(); start += kPrefillTokens) {
      const auto count = static_cast<std::size_t>(std::min(kPrefillTokens, n - start));
      const auto part = std::span(sample.tokens).subspan(static_cast<std::size_t>(start), count);
      session_.prefill(sequence, part, true, std::span(logits).first(vocab_ * count));
      for (std::size_t i = 0; i < count; ++i) {
        check(sample, start + static_cast<std::int64_t>(i) + 1,
              std::span(logits).subspan(i * vocab_, vocab_));
      }
    }
    session_.close(sequence);
  }

  void tell() const {
    listener_.progress(
        {fmt::format("replay ({})", replay_mode_name(mode_)), result.positions, total_, false, ""});
  }

  ReplayResult result;

 private:
  Session& session_;
  ReplayMode mode_;
  const Listener& listener_;
  std::int64_t total_;
  std::size_t vocab_;
};

/// Logits of the generated positions [0, n), one row each.
std::vector<float> forced_logits(Session& session, const RecordedSample& sample, std::int64_t n) {
  const auto vocab = static_cast<std::size_t>(session.config().vocab);
  std::vector<float> logits(vocab * static_cast<std::size_t>(n));
  const SequenceId sequence = session.open();
  session.prefill(sequence, sample.prompt, false, std::span(logits).first(vocab));
  if (n > 1) {
    session.prefill(sequence, std::span(sample.tokens).first(static_cast<std::size_t>(n - 1)), true,
                    std::span(logits).subspan(vocab));
  }
  session.close(sequence);
  return logits;
}

using Activation = std::pair<std::string, std::vector<float>>;

std::vector<Activation> activations(Session& session, const std::vector<TokenId>& tokens) {
  std::vector<Activation> all;
  session.set_probe([&all](std::string_view name, ConstTensor values) {
    all.emplace_back(name, std::vector<float>(values.data, values.data + values.size()));
  });
  std::vector<float> logits(static_cast<std::size_t>(session.config().vocab));
  const SequenceId sequence = session.open();
  session.prefill(sequence, tokens, false, logits);
  session.close(sequence);
  session.set_probe(nullptr);
  return all;
}

}  // namespace

std::string replay_mode_name(ReplayMode mode) {
  switch (mode) {
    case ReplayMode::decode:
      return "decode";
    case ReplayMode::batch:
      return "batch";
    case ReplayMode::prefill:
      return "prefill";
  }
  return "";
}

ReplayResult replay(Session& session, std::span<const RecordedSample> samples, ReplayMode mode,
                    const Listener& listener) {
  std::int64_t total = 0;
  for (const RecordedSample& sample : samples) total += std::ssize(sample.tokens);
  Replay run(session, mode, listener, total);
  const auto width =
      mode == ReplayMode::batch ? static_cast<std::size_t>(session.max_batch()) : std::size_t{1};
  for (std::size_t i = 0; i < samples.size() && !listener.cancelled(); i += width) {
    const auto part = samples.subspan(i, std::min(width, samples.size() - i));
    mode == ReplayMode::prefill ? run.at_once(part.front()) : run.step_by_step(part);
  }
  run.result.cancelled = listener.cancelled();
  run.tell();
  return run.result;
}

std::optional<double> mean_kl(Session& of, Session& from, const RecordedSample& sample,
                              std::int64_t max_positions) {
  const std::int64_t n = std::min(max_positions, std::ssize(sample.tokens));
  if (n < 1) return std::nullopt;
  const std::vector<float> p = forced_logits(of, sample, n);
  const std::vector<float> q = forced_logits(from, sample, n);
  const auto vocab = static_cast<std::size_t>(of.config().vocab);
  double sum = 0;
  for (std::size_t at = 0; at < p.size(); at += vocab) {
    sum += kl_divergence(std::span(p).subspan(at, vocab), std::span(q).subspan(at, vocab));
  }
  return sum / static_cast<double>(n);
}

std::string first_differing_activation(Session& a, Session& b, const RecordedSample& sample,
                                       std::int64_t generated) {
  std::vector<TokenId> tokens = sample.prompt;
  tokens.insert(tokens.end(), sample.tokens.begin(), sample.tokens.begin() + generated);
  const std::vector<Activation> left = activations(a, tokens);
  const std::vector<Activation> right = activations(b, tokens);
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const auto same_bits = [](float x, float y) {
      return numerics::bits_of(x) == numerics::bits_of(y);
    };
    if (left[i].first != right[i].first ||
        !std::ranges::equal(left[i].second, right[i].second, same_bits)) {
      return right[i].first;
    }
  }
  return "";
}

}  // namespace assay
