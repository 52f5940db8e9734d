// Any bytes as a safetensors file, and as the index of a sharded one.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/error.h"
#include "model/hf/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  unsigned sum = 0;
  if (const auto tensors = assay::parse_safetensors(bytes, "fuzz.safetensors")) {
    for (const auto& [name, view] : *tensors) {
      ASSAY_ASSERT(view.bytes.size() ==
                   static_cast<std::size_t>(view.rows * assay::row_bytes(view.type, view.cols)));
      sum += static_cast<unsigned>(view.bytes.front()) + static_cast<unsigned>(view.bytes.back());
    }
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto index = assay::parse_safetensors_index(text, "fuzz.index.json")) {
    for (const auto& [name, shard] : *index) {
      ASSAY_ASSERT(shard.find('/') == std::string::npos && shard != "..");
    }
  }
  return sum == ~0U ? 1 : 0;  // keeps the reads
}
