#include "model/tokenizer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/utf8.h"
#include "model/tokenizer/bpe.h"
#include "model/tokenizer/nfc.h"
#include "model/tokenizer/pretokenizer.h"
#include "model/tokenizer/special_tokens.h"
#include "model/tokenizer/vocabulary.h"

namespace assay {

struct Tokenizer::Impl {
  Impl(TokenizerSpec checked_spec, Vocabulary checked_vocabulary, std::span<const BpeMerge> merges);

  struct Encoding {
    BytePairEncoder::Scratch scratch;
    std::vector<TokenId> ids;
  };
  void encode_text(std::string_view text, Encoding& encoding) const;
  void encode_valid(std::string_view text, Encoding& encoding) const;
  void encode_piece(std::string_view piece, Encoding& encoding) const;
  bool is_shown(TokenId id, bool show_control) const;
  void mark_whole_pieces();

  TokenizerSpec spec;
  Vocabulary vocabulary;
  PieceSplitter splitter;
  BytePairEncoder bpe;
  SpecialTokens user_defined;
  SpecialTokens all_specials;
  std::vector<bool> is_end;
  std::vector<std::uint8_t> bytes_without_token;
  /// Normal tokens that a piece with just their bytes becomes: most pieces of real text, found with
  /// one look-up. A table of the vocabulary, so threads share it without locks.
  std::vector<bool> is_whole_piece;
  std::size_t longest_normal = 0;
};

Tokenizer::Impl::Impl(TokenizerSpec checked_spec, Vocabulary checked_vocabulary,
                      std::span<const BpeMerge> merges)
    : spec(std::move(checked_spec)),
      vocabulary(std::move(checked_vocabulary)),
      splitter(spec.pre),
      bpe(vocabulary.size(), merges, vocabulary.byte_tokens()),
      is_end(spec.tokens.size()) {
  for (std::size_t i = 0; i < spec.tokens.size(); ++i) {
    const TokenKind kind = spec.kinds[i];
    const auto id = static_cast<TokenId>(i);
    if (is_special(kind)) all_specials.add(spec.tokens[i], id);
    if (kind == TokenKind::user_defined) user_defined.add(spec.tokens[i], id);
  }
  if (spec.eos >= 0) is_end[static_cast<std::size_t>(spec.eos)] = true;
  for (const TokenId id : spec.eos_extra) is_end[static_cast<std::size_t>(id)] = true;
  for (int byte = 0; byte < 256; ++byte) {
    const auto value = static_cast<std::uint8_t>(byte);
    if (bpe.byte_token(value) < 0) bytes_without_token.push_back(value);
  }
  mark_whole_pieces();
}

void Tokenizer::Impl::mark_whole_pieces() {
  is_whole_piece.resize(spec.tokens.size());
  BytePairEncoder::Scratch scratch;
  std::vector<TokenId> ids;
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    const std::string& bytes = vocabulary.bytes(id);
    if (bytes.empty() || vocabulary.find_normal(bytes) != id) continue;
    ids.clear();
    if (!spec.ignore_merges) bpe.encode(bytes, scratch, ids);
    is_whole_piece[static_cast<std::size_t>(id)] =
        spec.ignore_merges || (ids.size() == 1 && ids[0] == id);
    longest_normal = std::max(longest_normal, bytes.size());
  }
}

void Tokenizer::Impl::encode_piece(std::string_view piece, Encoding& encoding) const {
  if (piece.size() <= longest_normal) {
    const TokenId id = vocabulary.find_normal(piece);
    if (id >= 0 && is_whole_piece[static_cast<std::size_t>(id)]) {
      encoding.ids.push_back(id);
      return;
    }
  }
  bpe.encode(piece, encoding.scratch, encoding.ids);
}

void Tokenizer::Impl::encode_valid(std::string_view text, Encoding& encoding) const {
  const auto sink = [&](std::string_view piece) { encode_piece(piece, encoding); };
  if (spec.nfc && needs_nfc(text)) {
    splitter.split(to_nfc(text), sink);
  } else {
    splitter.split(text, sink);
  }
}

void Tokenizer::Impl::encode_text(std::string_view text, Encoding& encoding) const {
  while (!text.empty()) {
    const std::size_t valid = utf8_valid_prefix(text);
    if (valid > 0) encode_valid(text.substr(0, valid), encoding);
    text.remove_prefix(valid);
    if (text.empty()) return;
    const TokenId id = bpe.byte_token(static_cast<std::uint8_t>(text.front()));
    if (id >= 0) encoding.ids.push_back(id);
    text.remove_prefix(1);
  }
}

bool Tokenizer::Impl::is_shown(TokenId id, bool show_control) const {
  const TokenKind kind = spec.kinds[static_cast<std::size_t>(id)];
  return show_control || kind == TokenKind::normal || kind == TokenKind::user_defined;
}

Tokenizer::Tokenizer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::create(TokenizerSpec spec) {
  Result<Vocabulary> vocabulary = Vocabulary::create(spec);
  if (!vocabulary) return tl::unexpected(std::move(vocabulary.error()));
  const Result<std::vector<BpeMerge>> merges = resolve_merges(spec);
  if (!merges) return tl::unexpected(merges.error());
  return Tokenizer(std::make_unique<const Impl>(std::move(spec), std::move(*vocabulary), *merges));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool parse_special) const {
  const SpecialTokens& specials = parse_special ? impl_->all_specials : impl_->user_defined;
  Impl::Encoding encoding;
  std::size_t begin = 0;
  while (const auto special = specials.find(text, begin)) {
    impl_->encode_text(text.substr(begin, special->begin - begin), encoding);
    encoding.ids.push_back(special->id);
    begin = special->end;
  }
  impl_->encode_text(text.substr(begin), encoding);
  return std::move(encoding.ids);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool show_control) const {
  std::string out;
  for (const TokenId id : ids) {
    ASSAY_ASSERT(valid(id));
    if (impl_->is_shown(id, show_control)) out += impl_->vocabulary.bytes(id);
  }
  return out;
}

const std::vector<std::uint8_t>& Tokenizer::bytes_without_token() const {
  return impl_->bytes_without_token;
}

const std::string& Tokenizer::token_bytes(TokenId id) const {
  ASSAY_ASSERT(valid(id));
  return impl_->vocabulary.bytes(id);
}

bool Tokenizer::valid(TokenId id) const {
  return id >= 0 && id < vocab_size();
}

bool Tokenizer::is_control(TokenId id) const {
  ASSAY_ASSERT(valid(id));
  const TokenKind kind = impl_->spec.kinds[static_cast<std::size_t>(id)];
  return kind == TokenKind::control || kind == TokenKind::unknown;
}

bool Tokenizer::is_end(TokenId id) const {
  ASSAY_ASSERT(valid(id));
  return impl_->is_end[static_cast<std::size_t>(id)];
}

TokenId Tokenizer::find(std::string_view text) const {
  const TokenId special = impl_->vocabulary.find_special(text);
  return special >= 0 ? special : impl_->vocabulary.find_normal(text);
}

const TokenizerSpec& Tokenizer::spec() const {
  return impl_->spec;
}

TokenId Tokenizer::vocab_size() const {
  return impl_->vocabulary.size();
}

std::string StreamDecoder::push(TokenId id) {
  pending_ += tokenizer_->decode({&id, 1});
  std::size_t ready = 0;
  while (ready < pending_.size()) {
    const Utf8Step step = utf8_step(std::string_view(pending_).substr(ready));
    if (step.status == Utf8Status::truncated) break;
    ready += step.bytes;
  }
  std::string out = pending_.substr(0, ready);
  pending_.erase(0, ready);
  return out;
}

std::string StreamDecoder::finish() {
  return std::exchange(pending_, {});
}

}  // namespace assay
