#include "tests/support/gguf_writer.h"

#include <algorithm>

#include "core/error.h"
#include "tests/support/test_data.h"

namespace assay::testing {
namespace {

std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

std::string gguf_string(std::string_view text) {
  std::string out;
  append_number<std::uint64_t>(out, text.size());
  return out.append(text);
}

GgufWriter& GgufWriter::set_raw(std::string_view key, std::uint32_t type, std::string payload,
                                bool again) {
  const auto it = std::find_if(metadata_.begin(), metadata_.end(),
                               [key](const Entry& entry) { return entry.key == key; });
  if (it == metadata_.end() || again) {
    metadata_.push_back({std::string(key), type, std::move(payload)});
  } else {
    it->type = type;
    it->payload = std::move(payload);
  }
  return *this;
}

GgufWriter& GgufWriter::set_u32(std::string_view key, std::uint32_t value) {
  std::string payload;
  append_number(payload, value);
  return set_raw(key, kU32, std::move(payload));
}

GgufWriter& GgufWriter::set_u32s(std::string_view key, std::span<const std::uint32_t> values) {
  std::string payload;
  append_number<std::uint32_t>(payload, kU32);
  append_number<std::uint64_t>(payload, values.size());
  for (const std::uint32_t value : values) append_number(payload, value);
  return set_raw(key, kArray, std::move(payload));
}

GgufWriter& GgufWriter::set_f32(std::string_view key, float value) {
  std::string payload;
  append_number(payload, value);
  return set_raw(key, kF32, std::move(payload));
}

GgufWriter& GgufWriter::set_bool(std::string_view key, bool value) {
  return set_raw(key, kBool, std::string(1, value ? '\1' : '\0'));
}

GgufWriter& GgufWriter::set_string(std::string_view key, std::string_view value) {
  return set_raw(key, kString, gguf_string(value));
}

GgufWriter& GgufWriter::set_strings(std::string_view key, std::span<const std::string> values) {
  std::string payload;
  append_number<std::uint32_t>(payload, kString);
  append_number<std::uint64_t>(payload, values.size());
  for (const std::string& value : values) payload += gguf_string(value);
  return set_raw(key, kArray, std::move(payload));
}

GgufWriter& GgufWriter::erase(std::string_view key) {
  std::erase_if(metadata_, [key](const Entry& entry) { return entry.key == key; });
  return *this;
}

GgufWriter& GgufWriter::add_tensor(Tensor tensor) {
  tensors_.push_back(std::move(tensor));
  return *this;
}

GgufWriter::Tensor& GgufWriter::tensor(std::string_view name) {
  const auto it = std::find_if(tensors_.begin(), tensors_.end(),
                               [name](const Tensor& tensor) { return tensor.name == name; });
  ASSAY_ASSERT(it != tensors_.end());
  return *it;
}

GgufWriter& GgufWriter::erase_tensor(std::string_view name) {
  std::erase_if(tensors_, [name](const Tensor& tensor) { return tensor.name == name; });
  return *this;
}

std::string GgufWriter::table() const {
  std::string out = magic;
  append_number(out, version);
  append_number<std::uint64_t>(out, n_tensors.value_or(tensors_.size()));
  append_number<std::uint64_t>(out, n_keys.value_or(metadata_.size()));
  for (const Entry& entry : metadata_) {
    out += gguf_string(entry.key);
    append_number(out, entry.type);
    out += entry.payload;
  }
  std::uint64_t offset = 0;
  for (const Tensor& tensor : tensors_) {
    out += gguf_string(tensor.name);
    append_number(out, static_cast<std::uint32_t>(tensor.dims.size()));
    for (const std::uint64_t dim : tensor.dims) append_number(out, dim);
    append_number(out, tensor.type);
    append_number(out, tensor.offset.value_or(offset));
    offset = round_up(offset + tensor.bytes.size(), alignment);
  }
  return out;
}

std::string GgufWriter::bytes() const {
  std::string out = table();
  out.resize(round_up(out.size(), alignment));
  for (const Tensor& tensor : tensors_) {
    out += tensor.bytes;
    out.resize(round_up(out.size(), alignment));
  }
  return out;
}

void GgufWriter::write(const std::filesystem::path& path) const {
  write_text(path, bytes());
}

}  // namespace assay::testing
