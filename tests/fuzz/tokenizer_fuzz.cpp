// Arbitrary bytes through every pre-tokenizer: encode, decode and streaming give them back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/utf8.h"
#include "model/tokenizer.h"
#include "model/tokenizer/nfc.h"
#include "tests/model/tiny_vocabulary.h"

namespace assay {
namespace {

std::vector<Tokenizer> make_tokenizers(bool nfc) {
  std::vector<Tokenizer> out;
  for (const PreTokenizer kind : {PreTokenizer::gpt2, PreTokenizer::llama_bpe, PreTokenizer::qwen2,
                                  PreTokenizer::deepseek_r1_qwen, PreTokenizer::smollm}) {
    TokenizerSpec spec = testing::tiny_vocabulary(kind);
    spec.nfc = nfc;
    out.push_back(value_or_throw(Tokenizer::create(std::move(spec))));
  }
  return out;
}

void check_round_trip(const Tokenizer& tokenizer, std::string_view text) {
  for (const bool parse_special : {false, true}) {
    const std::vector<TokenId> ids = tokenizer.encode(text, parse_special);
    ASSAY_ASSERT(tokenizer.decode(ids, true) == text);
    StreamDecoder decoder(tokenizer);
    std::string streamed;
    for (const TokenId id : ids) streamed += decoder.push(id);
    ASSAY_ASSERT(streamed + decoder.finish() == tokenizer.decode(ids));
  }
}

/// The NFC form of text is its own NFC form.
void check_normalising(const Tokenizer& tokenizer, std::string_view text) {
  const std::string once = tokenizer.decode(tokenizer.encode(text, true), true);
  if (utf8_valid_prefix(text) == text.size()) ASSAY_ASSERT(to_nfc(once) == to_nfc(text));
}

}  // namespace
}  // namespace assay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<assay::Tokenizer> plain = assay::make_tokenizers(false);
  static const std::vector<assay::Tokenizer> normalising = assay::make_tokenizers(true);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& tokenizer : plain) assay::check_round_trip(tokenizer, text);
  for (const auto& tokenizer : normalising) assay::check_normalising(tokenizer, text);
  return 0;
}
