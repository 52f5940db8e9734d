// The safetensors format: a JSON table, then the tensors' bytes without holes; and the index that
// distributes tensors over several such files. Format: huggingface/safetensors, README "Format".
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/types.h"

namespace assay {

/// Tensors of one file by their names in it. `bytes` are the whole file and must outlive the
/// result, whose names point to the map's keys. Refuses: a header that does not fit, other types
/// than F32, F16 and BF16, more than two dimensions, overlaps, holes, data that do not end with the
/// file. The format asks for no alignment: `bytes` of a view may lie at any address.
Result<std::map<std::string, WeightView>> parse_safetensors(std::span<const std::byte> bytes,
                                                            const std::string& file);

/// Tensor name -> file name of model.safetensors.index.json. Refuses file names that are paths.
Result<std::map<std::string, std::string>> parse_safetensors_index(std::string_view text,
                                                                   const std::string& file);

}  // namespace assay
