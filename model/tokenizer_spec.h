// A tokenizer as a model file describes it: made by model/gguf and model/hf, used by Tokenizer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/types.h"

namespace assay {

/// The regular expression that cuts text before BPE.
enum class PreTokenizer { gpt2, llama_bpe, qwen2, deepseek_r1_qwen, smollm };

enum class TokenKind : std::uint8_t {
  normal,
  unknown,
  control,       ///< never shown as text, recognised in text when parsing specials
  user_defined,  ///< shown as text, always cut out of the text first ("<think>" of R1)
  unused,
  byte
};

struct TokenizerSpec {
  PreTokenizer pre = PreTokenizer::gpt2;
  /// By id. Normal tokens in the file's byte-level alphabet (GPT-2's bytes_to_unicode); control and
  /// user-defined ones as plain text.
  std::vector<std::string> tokens;
  std::vector<TokenKind> kinds;     ///< same size as tokens
  std::vector<std::string> merges;  ///< "left right", best first, byte-level alphabet
  TokenId bos = -1;                 ///< -1: none
  TokenId eos = -1;
  std::vector<TokenId> eos_extra;  ///< other ids that end a turn (eot, generation_config)
  TokenId pad = -1;
  bool add_bos = false;        ///< what the file asks of text without a template
  bool nfc = false;            ///< normalise text to NFC first
  bool ignore_merges = false;  ///< a whole pre-token that is a token is taken as is
};

}  // namespace assay
