// A Session without a model: logits are a hash of the sequence's tokens, so that any mix-up of
// sequences, positions or prefixes changes what is drawn.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "core/error.h"
#include "core/session.h"

namespace assay::testing {

class FakeSession final : public Session {
 public:
  FakeSession(std::int64_t vocab, std::int64_t max_context, std::int64_t max_batch)
      : max_context_(max_context), max_batch_(max_batch) {
    config_.vocab = vocab;
    n_pages_ = static_cast<std::int32_t>(
        max_batch * ((max_context + kKvPageTokens - 1) / kKvPageTokens) + 1);
  }

  // What happened, for the tests.
  std::int64_t prefilled_tokens = 0;
  std::int64_t largest_batch = 0;
  std::int64_t forks = 0;
  std::int64_t open_sequences() const { return static_cast<std::int64_t>(tokens_.size()); }
  /// The sequence that holds this token gets a NaN logit from there on.
  std::optional<TokenId> poison;
  /// Pages of the cache, shared with nobody; with them sequences can be suspended.
  std::optional<std::int32_t> pages;
  /// A step of more sequences finds no memory.
  std::optional<std::int64_t> memory_for;
  std::int64_t suspensions = 0;

  const ModelConfig& config() const override { return config_; }
  DeviceInfo device_info() const override { return {}; }
  KvType kv_type() const override { return KvType::f32; }
  MemoryPlan memory() const override { return {}; }
  std::int64_t max_context() const override { return max_context_; }
  std::int64_t max_batch() const override { return max_batch_; }
  std::int32_t free_pages() const override {
    if (!pages) return n_pages_;
    std::int32_t held = 0;
    for (const auto& [id, tokens] : tokens_) {
      if (!suspended_.contains(id)) held += pages_of(tokens);
    }
    return *pages - held;
  }
  bool can_suspend() const override { return pages.has_value(); }
  void suspend(SequenceId sequence) override {
    ++suspensions;
    if (!suspended_.insert(sequence).second) throw std::logic_error("suspended twice");
  }
  void resume(SequenceId sequence) override {
    if (suspended_.erase(sequence) == 0) throw std::logic_error("was not suspended");
    if (free_pages() < 0) throw std::logic_error("resumed without room");
  }
  std::int32_t suspended_pages(SequenceId sequence) const override {
    return suspended_.contains(sequence) ? pages_of(tokens_.at(sequence)) : 0;
  }
  void set_probe(Probe) override {}

  SequenceId open() override {
    tokens_[next_id_];
    return next_id_++;
  }
  SequenceId fork(SequenceId from) override {
    ++forks;
    const SequenceId id = open();
    tokens_[id] = tokens_.at(from);
    return id;
  }
  void close(SequenceId sequence) override {
    tokens_.erase(sequence);
    suspended_.erase(sequence);
  }
  std::int64_t length(SequenceId sequence) const override {
    return std::ssize(tokens_.at(sequence));
  }

  void prefill(SequenceId sequence, std::span<const TokenId> tokens, bool,
               std::span<float> logits) override {
    prefilled_tokens += std::ssize(tokens);
    auto& all = tokens_.at(sequence);
    all.insert(all.end(), tokens.begin(), tokens.end());
    write_logits(all, logits);
  }
  void decode(std::span<const DecodeItem> items, std::span<float> logits) override {
    if (memory_for && std::ssize(items) > *memory_for) throw OutOfMemory("no memory for a step");
    largest_batch = std::max(largest_batch, std::ssize(items));
    const auto vocab = static_cast<std::size_t>(config_.vocab);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (suspended_.contains(items[i].sequence)) throw std::logic_error("it is suspended");
      auto& all = tokens_.at(items[i].sequence);
      all.push_back(items[i].token);
      write_logits(all, logits.subspan(i * vocab, vocab));
    }
    if (free_pages() < 0) throw std::logic_error("more pages than there are");
  }

 private:
  static std::int32_t pages_of(const std::vector<TokenId>& tokens) {
    return static_cast<std::int32_t>((std::ssize(tokens) + kKvPageTokens - 1) / kKvPageTokens);
  }

  void write_logits(const std::vector<TokenId>& tokens, std::span<float> logits) const {
    std::uint64_t state = 0x9E3779B97F4A7C15ULL;
    bool poisoned = false;
    for (const TokenId token : tokens) {
      state = (state ^ static_cast<std::uint64_t>(token)) * 0xBF58476D1CE4E5B9ULL;
      state ^= state >> 31;
      poisoned = poisoned || (poison && token == *poison);
    }
    for (float& logit : logits) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      logit = static_cast<float>(state >> 40) / static_cast<float>(1 << 22);
    }
    if (poisoned) logits[3] = std::numeric_limits<float>::quiet_NaN();
  }

  ModelConfig config_;
  std::int64_t max_context_;
  std::int64_t max_batch_;
  std::int32_t n_pages_;
  SequenceId next_id_ = 0;
  std::map<SequenceId, std::vector<TokenId>> tokens_;
  std::set<SequenceId> suspended_;
};

}  // namespace assay::testing
