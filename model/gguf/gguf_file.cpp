#include "model/gguf/gguf_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include "core/text.h"
#include "model/byte_reader.h"
#include "model/file_errors.h"

namespace assay {
namespace {

constexpr std::uint64_t kMaxNameBytes = 65535;  // docs/gguf.md allows keys up to this
constexpr std::uint32_t kMaxDims = 4;
constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 62U;
// Weights are read in place as 8-byte words at most; the upper bound only stops nonsense.
constexpr std::uint64_t kMinAlignment = 8;
constexpr std::uint64_t kMaxAlignment = std::uint64_t{1} << 20U;

struct ValueTypeRow {
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<ValueTypeRow, 13> kValueTypes = {{
    {"u8", 1},
    {"i8", 1},
    {"u16", 2},
    {"i16", 2},
    {"u32", 4},
    {"i32", 4},
    {"f32", 4},
    {"bool", 1},
    {"string", 0},
    {"array", 0},
    {"u64", 8},
    {"i64", 8},
    {"f64", 8},
}};

GgufType read_value_type(ByteReader& in, std::string_view key) {
  const auto number = in.number<std::uint32_t>("a value type");
  if (in.ok() && number >= kValueTypes.size()) {
    in.fail(fmt::format("metadata key {} has the unknown value type {}", name_for_message(key),
                        number));
  }
  return in.ok() ? static_cast<GgufType>(number) : GgufType::u8;
}

void read_array(ByteReader& in, std::string_view key, GgufValue& value) {
  value.is_array = true;
  value.type = read_value_type(in, key);
  value.count = in.number<std::uint64_t>("an array's length");
  if (!in.ok()) return;
  if (value.type == GgufType::array) {
    in.fail(fmt::format("metadata key {} is a nested array, which no known key is",
                        name_for_message(key)));
    return;
  }
  const std::uint64_t smallest =
      value.type == GgufType::string ? sizeof(std::uint64_t) : gguf_scalar_bytes(value.type);
  if (value.count > in.remaining() / smallest) {
    in.fail(fmt::format("metadata key {} claims {} elements, more than the file can hold",
                        name_for_message(key), value.count));
    return;
  }
  if (value.type != GgufType::string) {
    value.data = in.take(value.count * smallest, "an array");
    return;
  }
  ByteReader ahead = in;
  for (std::uint64_t i = 0; i < value.count && ahead.ok(); ++i) {
    ahead.string("a string of an array");
  }
  if (!ahead.ok()) {
    in = std::move(ahead);
    return;
  }
  value.data = in.take(ahead.offset() - in.offset(), "an array of strings");
}

GgufValue read_value(ByteReader& in, std::string_view key) {
  GgufValue value;
  value.type = read_value_type(in, key);
  if (!in.ok()) return value;
  if (value.type == GgufType::array) {
    read_array(in, key, value);
  } else if (value.type == GgufType::string) {
    value.data = std::as_bytes(std::span(in.string("a string")));
  } else {
    value.data = in.take(gguf_scalar_bytes(value.type), "a number");
  }
  return value;
}

void read_metadata(ByteReader& in, std::uint64_t count, GgufFile& out) {
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view key = in.string("a metadata key", kMaxNameBytes);
    const GgufValue value = read_value(in, key);
    if (in.ok() && !out.metadata.emplace(key, value).second) {
      in.fail(fmt::format("metadata key {} occurs twice", name_for_message(key)));
    }
  }
}

GgufTensor read_tensor(ByteReader& in) {
  GgufTensor tensor;
  tensor.name = in.string("a tensor's name", kMaxNameBytes);
  const auto n_dims = in.number<std::uint32_t>("a tensor's number of dimensions");
  if (in.ok() && (n_dims < 1 || n_dims > kMaxDims)) {
    in.fail(fmt::format("tensor {} has {} dimensions, expected 1 to {}",
                        name_for_message(tensor.name), n_dims, kMaxDims));
  }
  std::uint64_t elements = 1;
  for (std::uint32_t d = 0; d < n_dims && in.ok(); ++d) {
    const auto dim = in.number<std::uint64_t>("a tensor's dimension");
    if (in.ok() && (dim == 0 || dim > kMaxElements / elements)) {
      in.fail(fmt::format("tensor {} has the impossible dimension {}",
                          name_for_message(tensor.name), dim));
      break;
    }
    elements *= std::max<std::uint64_t>(dim, 1);
    tensor.dims.push_back(dim);
  }
  tensor.type = in.number<std::uint32_t>("a tensor's type");
  tensor.offset = in.number<std::uint64_t>("a tensor's offset");
  return tensor;
}

void read_tensors(ByteReader& in, std::uint64_t count, GgufFile& out) {
  std::set<std::string_view> names;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    GgufTensor tensor = read_tensor(in);
    if (in.ok() && !names.insert(tensor.name).second) {
      in.fail(fmt::format("tensor {} occurs twice", name_for_message(tensor.name)));
    }
    out.tensors.push_back(std::move(tensor));
  }
}

Result<std::uint32_t> read_version(ByteReader& in, const std::string& file) {
  const auto magic = in.take(4, "the magic number");
  const auto version = in.number<std::uint32_t>("the version");
  if (!in.ok()) return tl::unexpected(in.error());
  const std::string_view text(reinterpret_cast<const char*>(magic.data()), magic.size());
  if (text != "GGUF") {
    return unsupported(file, fmt::format("starts with '{}', not with GGUF", name_for_message(text)),
                       "give a GGUF file or a Hugging Face directory");
  }
  if (version == 2 || version == 3) return version;
  if ((version & 0xFFFFU) == 0) {
    return unsupported(file, "is a big-endian GGUF file", "give the little-endian one");
  }
  return unsupported(file, fmt::format("is GGUF version {}; known: 2, 3", version),
                     "convert the model again with a current converter");
}

Result<std::uint64_t> find_alignment(const GgufFile& gguf) {
  const GgufValue* value = gguf.find("general.alignment");
  if (value == nullptr) return gguf.alignment;
  if (value->type != GgufType::u32 || value->is_array) {
    return damaged(gguf.file, "general.alignment is not a u32");
  }
  const std::uint64_t alignment = load_number<std::uint32_t>(value->data);
  if (alignment < kMinAlignment || alignment > kMaxAlignment || !std::has_single_bit(alignment)) {
    return damaged(gguf.file, fmt::format("general.alignment is {}, expected a power of two from "
                                          "{} to {}",
                                          alignment, kMinAlignment, kMaxAlignment));
  }
  return alignment;
}

std::string known_tensor_types() {
  std::string out;
  for (const TensorType type : all_tensor_types()) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", tensor_type_name(type));
  }
  return out;
}

Result<WeightView> weight_view(const GgufFile& gguf, const GgufTensor& tensor) {
  const auto bad = [&](const std::string& problem) {
    return damaged(gguf.file, fmt::format("tensor {} {}", name_for_message(tensor.name), problem));
  };
  WeightView view;
  view.name = tensor.name;
  if (!tensor_type_from_gguf(tensor.type, &view.type)) {
    const std::string type = gguf_type_name(tensor.type);  // "IQ2_XXS", "type 99"
    return unsupported(
        gguf.file,
        fmt::format("tensor {} has {}{}, which assay does not compute",
                    name_for_message(tensor.name), type.starts_with("type ") ? "" : "type ", type),
        "known: " + known_tensor_types());
  }
  const auto dim = [&](std::size_t d) { return d < tensor.dims.size() ? tensor.dims[d] : 1; };
  if (dim(2) != 1 || dim(3) != 1) {
    return unsupported(gguf.file,
                       fmt::format("tensor {} has {} dimensions", name_for_message(tensor.name),
                                   tensor.dims.size()),
                       "known models consist of matrices and vectors only");
  }
  const BlockLayout block = block_layout(view.type);
  const auto block_elements = static_cast<std::uint64_t>(block.elements);
  if (dim(0) % block_elements != 0) {
    return bad(fmt::format("has rows of {} elements, not a whole number of {} blocks of {}", dim(0),
                           tensor_type_name(view.type), block.elements));
  }
  if (tensor.offset % gguf.alignment != 0) {
    return bad(fmt::format("starts at offset {}, not a multiple of the alignment {}", tensor.offset,
                           gguf.alignment));
  }
  // At most 2^62 elements (checked by the parser) of at most 4 bytes each: dividing first keeps
  // the comparison free of overflow.
  const std::uint64_t blocks = dim(0) / block_elements * dim(1);
  const auto block_bytes = static_cast<std::uint64_t>(block.bytes);
  const std::uint64_t available =
      tensor.offset > gguf.data.size() ? 0 : gguf.data.size() - tensor.offset;
  if (blocks > available / block_bytes) {
    return bad(fmt::format("({} blocks of {} bytes at offset {}) reaches past the end of the file",
                           blocks, block_bytes, tensor.offset));
  }
  view.cols = static_cast<std::int64_t>(dim(0));
  view.rows = static_cast<std::int64_t>(dim(1));
  view.bytes = gguf.data.subspan(tensor.offset, blocks * block_bytes);
  return view;
}

}  // namespace

std::string_view gguf_value_type_name(GgufType type) {
  return kValueTypes.at(static_cast<std::size_t>(type)).name;
}

std::size_t gguf_scalar_bytes(GgufType type) {
  return kValueTypes.at(static_cast<std::size_t>(type)).bytes;
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto it = metadata.find(key);
  return it == metadata.end() ? nullptr : &it->second;
}

Result<GgufFile> parse_gguf(std::span<const std::byte> bytes, const std::string& file) {
  ByteReader in(bytes, file);
  const Result<std::uint32_t> version = read_version(in, file);
  if (!version) return tl::unexpected(version.error());
  GgufFile out;
  out.file = file;
  out.version = *version;
  const auto n_tensors = in.number<std::uint64_t>("the number of tensors");
  const auto n_keys = in.number<std::uint64_t>("the number of metadata keys");
  read_metadata(in, n_keys, out);
  read_tensors(in, n_tensors, out);
  if (!in.ok()) return tl::unexpected(in.error());

  const Result<std::uint64_t> alignment = find_alignment(out);
  if (!alignment) return tl::unexpected(alignment.error());
  out.alignment = *alignment;
  const std::uint64_t padding = (out.alignment - in.offset() % out.alignment) % out.alignment;
  // A file without tensors may end right after the table.
  if (padding <= in.remaining()) out.data = bytes.subspan(in.offset() + padding);
  return out;
}

Result<std::vector<WeightView>> gguf_weight_views(const GgufFile& gguf) {
  std::vector<WeightView> views;
  views.reserve(gguf.tensors.size());
  for (const GgufTensor& tensor : gguf.tensors) {
    Result<WeightView> view = weight_view(gguf, tensor);
    if (!view) return tl::unexpected(view.error());
    views.push_back(*view);
  }
  std::vector<const WeightView*> by_offset;
  by_offset.reserve(views.size());
  for (const WeightView& view : views) by_offset.push_back(&view);
  std::sort(by_offset.begin(), by_offset.end(), [](const WeightView* a, const WeightView* b) {
    return a->bytes.data() < b->bytes.data();
  });
  for (std::size_t i = 1; i < by_offset.size(); ++i) {
    const WeightView& before = *by_offset[i - 1];
    if (before.bytes.data() + before.bytes.size() > by_offset[i]->bytes.data()) {
      return damaged(gguf.file,
                     fmt::format("tensors {} and {} overlap", name_for_message(before.name),
                                 name_for_message(by_offset[i]->name)));
    }
  }
  return views;
}

}  // namespace assay
