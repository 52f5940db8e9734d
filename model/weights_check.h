// Which tensors a model of a given configuration consists of, by GGUF's names.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/model_config.h"
#include "core/types.h"
#include "model/tokenizer_spec.h"

namespace assay {

/// Limits of what a file may claim; far above any known model, and small enough that products of
/// two of them fit 63 bits.
inline constexpr std::int64_t kMaxLayers = 4096;
inline constexpr std::int64_t kMaxWidth = std::int64_t{1} << 24U;  // hidden, ffn
inline constexpr std::int64_t kMaxHeads = 65536;
inline constexpr std::int64_t kMaxHeadDim = 65536;
inline constexpr std::int64_t kMaxVocab = std::int64_t{1} << 26U;
inline constexpr std::int64_t kMaxContext = std::int64_t{1} << 40U;

struct ExpectedTensor {
  std::string name;
  std::int64_t rows = 1;  ///< 1: a vector, which must have a float type
  std::int64_t cols = 1;
};

/// Calls `visit` with every tensor until it returns false. "output.weight" is left out when tied.
void for_each_expected_tensor(const ModelConfig& config,
                              const std::function<bool(const ExpectedTensor&)>& visit);

/// Divisibility, evenness and ranges of a configuration whose numbers are within the limits above.
/// On failure the message says what is wrong, without a file.
Result<void> check_config(const ModelConfig& config);

/// Every expected tensor is there with its shape, and nothing else is. `file` is for messages;
/// `original_name` translates a name of GGUF into the one the file uses.
Result<void> check_tensors(const ModelConfig& config,
                           const std::map<std::string, WeightView, std::less<>>& tensors,
                           std::string_view file,
                           const std::function<std::string(std::string_view)>& original_name);

/// The type that most bytes have: "BF16". Empty without tensors.
std::string dominant_type(const std::map<std::string, WeightView, std::less<>>& tensors);

/// Makes `spec` as long as the embedding has rows: ids without a token (padding of the embedding)
/// become unused tokens. Refuses more tokens than rows.
Result<void> fit_tokenizer(TokenizerSpec& spec, std::int64_t vocab, std::string_view file);

/// Elements of all tensors.
std::int64_t count_parameters(const std::map<std::string, WeightView, std::less<>>& tensors);

}  // namespace assay
