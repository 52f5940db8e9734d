// Any bytes as a GGUF file. What is accepted is used: every tensor's bytes are in the file.
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/error.h"
#include "model/gguf/gguf_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto model = assay::gguf_model(bytes, "fuzz.gguf");
  if (!model) return 0;
  unsigned sum = 0;
  for (const auto& [name, view] : model->tensors) {
    ASSAY_ASSERT(view.bytes.size() ==
                 static_cast<std::size_t>(view.rows * assay::row_bytes(view.type, view.cols)));
    sum += static_cast<unsigned>(view.bytes.front()) + static_cast<unsigned>(view.bytes.back());
  }
  if (model->tokenizer)
    ASSAY_ASSERT(model->tokenizer->tokens.size() == model->tokenizer->kinds.size());
  return sum == ~0U ? 1 : 0;  // keeps the reads
}
