// Byte-level BPE: text <-> token ids.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/types.h"
#include "model/tokenizer_spec.h"

namespace assay {

/// Immutable after construction; usable from many threads at once.
class Tokenizer {
 public:
  /// Checks the spec (ids in range, merges that name known tokens, no cycles) and builds the
  /// tables.
  static Result<Tokenizer> create(TokenizerSpec spec);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// No BOS is added. parse_special: control tokens written in the text become their ids
  /// (user-defined ones always do); at each place the longest one is taken. Any bytes are accepted;
  /// invalid UTF-8 is encoded bytewise. decode() gives the text back, its NFC form if spec().nfc,
  /// without the bytes_without_token().
  std::vector<TokenId> encode(std::string_view text, bool parse_special) const;
  /// Exact bytes of the ids; control tokens are written only with show_control. Ids out of range
  /// are an assertion: check with valid().
  std::string decode(std::span<const TokenId> ids, bool show_control = false) const;
  /// Bytes that the vocabulary has no token for (SmolLM2: 21 that text hardly ever has), ascending.
  /// encode() leaves them out, as the tokenizers these models were trained with do.
  const std::vector<std::uint8_t>& bytes_without_token() const;
  /// Bytes of one token (control tokens: their text).
  const std::string& token_bytes(TokenId id) const;
  bool valid(TokenId id) const;
  /// Of kind control or unknown.
  bool is_control(TokenId id) const;
  /// Ends a turn: eos or one of eos_extra.
  bool is_end(TokenId id) const;
  /// The id whose text is exactly this (control and user-defined first), or -1.
  TokenId find(std::string_view text) const;
  const TokenizerSpec& spec() const;
  TokenId vocab_size() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

/// Turns ids into text as they come, never splitting a UTF-8 character. What push() and finish()
/// return makes up decode() of the ids: bytes that cannot become a character are passed on as they
/// are. For one thread; the tokenizer must outlive it.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}
  /// Bytes that became complete with this token (may be empty).
  std::string push(TokenId id);
  /// What is left at the end; an unfinished character's bytes are returned as they are.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  std::string pending_;
};

}  // namespace assay
