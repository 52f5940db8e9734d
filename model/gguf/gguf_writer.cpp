#include "model/gguf/gguf_writer.h"

#include <bit>

#include "core/error.h"

namespace assay {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void append_text(std::string& out, std::string_view text) {
  append<std::uint64_t>(out, text.size());
  out.append(text);
}

}  // namespace

void GgufMetadataWriter::add_key(std::string_view key, GgufType type) {
  append_text(bytes_, key);
  append(bytes_, static_cast<std::uint32_t>(type));
  ++count_;
}

void GgufMetadataWriter::add_u32(std::string_view key, std::uint32_t value) {
  add_key(key, GgufType::u32);
  append(bytes_, value);
}

void GgufMetadataWriter::add_f32(std::string_view key, float value) {
  add_key(key, GgufType::f32);
  append(bytes_, value);
}

void GgufMetadataWriter::add_bool(std::string_view key, bool value) {
  add_key(key, GgufType::boolean);
  append<std::uint8_t>(bytes_, value ? 1 : 0);
}

void GgufMetadataWriter::add_text(std::string_view key, std::string_view value) {
  add_key(key, GgufType::string);
  append_text(bytes_, value);
}

void GgufMetadataWriter::add_texts(std::string_view key, std::span<const std::string> values) {
  add_key(key, GgufType::array);
  append(bytes_, static_cast<std::uint32_t>(GgufType::string));
  append<std::uint64_t>(bytes_, values.size());
  for (const std::string& value : values) append_text(bytes_, value);
}

void GgufMetadataWriter::add_i32s(std::string_view key, std::span<const std::int32_t> values) {
  add_key(key, GgufType::array);
  append(bytes_, static_cast<std::uint32_t>(GgufType::i32));
  append<std::uint64_t>(bytes_, values.size());
  for (const std::int32_t value : values) append(bytes_, value);
}

void GgufMetadataWriter::add_copy(std::string_view key, const GgufValue& value) {
  add_key(key, value.is_array ? GgufType::array : value.type);
  const std::string_view data(reinterpret_cast<const char*>(value.data.data()), value.data.size());
  if (value.is_array) {
    append(bytes_, static_cast<std::uint32_t>(value.type));
    append(bytes_, value.count);
  } else if (value.type == GgufType::string) {
    append<std::uint64_t>(bytes_, data.size());
  }
  bytes_.append(data);
}

std::int64_t gguf_padded_bytes(std::int64_t bytes) {
  constexpr auto kStep = static_cast<std::int64_t>(kGgufAlignment);
  return (bytes + kStep - 1) / kStep * kStep;
}

std::string gguf_header(const GgufMetadataWriter& metadata,
                        std::span<const GgufTensorEntry> tensors) {
  std::string out = "GGUF";
  append<std::uint32_t>(out, 3);
  append<std::uint64_t>(out, tensors.size());
  append(out, metadata.count());
  out += metadata.bytes();
  std::int64_t offset = 0;
  for (const GgufTensorEntry& tensor : tensors) {
    append_text(out, tensor.name);
    const bool is_vector = tensor.rows == 1;
    append<std::uint32_t>(out, is_vector ? 1 : 2);
    append(out, static_cast<std::uint64_t>(tensor.cols));
    if (!is_vector) append(out, static_cast<std::uint64_t>(tensor.rows));
    append(out, static_cast<std::uint32_t>(tensor.type));
    append(out, static_cast<std::uint64_t>(offset));
    offset += gguf_padded_bytes(tensor.bytes());
  }
  out.resize(static_cast<std::size_t>(gguf_padded_bytes(std::ssize(out))));
  return out;
}

}  // namespace assay
