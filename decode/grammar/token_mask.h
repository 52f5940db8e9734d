// Which tokens of a vocabulary a grammar allows next.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "decode/grammar/matcher.h"
#include "model/tokenizer.h"

namespace assay::grammar {

/// The vocabulary's texts in order, so that tokens that begin alike are looked at together.
/// Immutable; the tokenizer must outlive it.
class TokenTable {
 public:
  /// vocab: logits of one position; ids beyond the tokenizer's have no text.
  TokenTable(const Tokenizer& tokenizer, std::size_t vocab);

  struct Entry {
    TokenId id = 0;
    std::uint32_t shared = 0;  ///< bytes it begins with as the entry before it
  };
  std::span<const Entry> entries() const { return entries_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  std::size_t vocab() const { return vocab_; }
  /// Bytes that no token has as its whole text: what needs one may never be finished.
  ByteSet unwritable() const { return unwritable_; }

 private:
  const Tokenizer* tokenizer_;
  std::size_t vocab_;
  std::vector<Entry> entries_;
  ByteSet unwritable_;
};

/// A completion's way through a grammar; each call is a step of the matcher, which several may
/// share. For one thread; table and matcher must outlive it.
class TokenConstraint {
 public:
  TokenConstraint(const TokenTable& table, std::shared_ptr<Matcher> matcher)
      : table_(&table), matcher_(std::move(matcher)), state_(matcher_->cursor()) {}

  /// Whether the token may come next; an end token where the text may end.
  bool allows(TokenId token);
  /// Copies the logits with all that is not allowed far below. False: nothing is allowed.
  bool mask(std::span<const float> logits, std::vector<float>& allowed);
  /// Goes on behind the token; end tokens change nothing.
  void accept(TokenId token);
  /// Finds out what may come next, which mask() then knows. False: nothing may.
  bool warm();
  /// Why the schema is too much for the matcher; empty: it is not.
  const std::string& exhausted() const { return matcher_->exhausted(); }

  /// A logit that no draw ever chooses beside another one.
  static constexpr float kForbidden = -1e30F;

 private:
  void begin_step();
  const std::vector<TokenId>& allowed_tokens();
  std::vector<TokenId> find_tokens(Matcher::State state);

  const TokenTable* table_;
  std::shared_ptr<Matcher> matcher_;
  Matcher::State* state_;  ///< the matcher's cursor
  /// Of the states met so far; of the matcher's generation.
  std::unordered_map<Matcher::State, std::vector<TokenId>> known_;
  std::size_t n_known_ = 0;  ///< tokens in it
  int generation_ = 0;
};

}  // namespace assay::grammar
