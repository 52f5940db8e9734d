// Which type each tensor of a quantised file gets, under the names that GGUF files carry.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/model_config.h"
#include "core/types.h"

namespace assay {

struct Mixture {
  std::string name;     ///< "Q4_K_M"
  std::string summary;  ///< for --help
  TensorType base;      ///< of every matrix but those below
  TensorType head;      ///< output.weight, or token_embd.weight when it serves as the output too
  /// attn_v and ffn_down of the layers whose errors weigh most: the first and last eighth, and
  /// every third between.
  TensorType sensitive;
  TensorType value;   ///< attn_v of the other layers
  TensorType down;    ///< ffn_down of the other layers
  TensorType output;  ///< attn_output
};

/// All, in the order in which they are shown.
const std::vector<Mixture>& mixtures();
/// Error{usage} that lists the names.
Result<Mixture> find_mixture(std::string_view name);

/// `name` as ModelFile has it. Vectors stay F32; a row that is no whole number of blocks takes the
/// nearest type that it is: 32-element blocks in place of K types, then F16.
TensorType tensor_type_in(const Mixture& mixture, std::string_view name, std::int64_t rows,
                          std::int64_t cols, const ModelConfig& config);

}  // namespace assay
