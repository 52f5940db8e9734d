#include "model/hf/safetensors.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "core/text.h"
#include "model/byte_reader.h"
#include "model/file_errors.h"
#include "model/hf/json_file.h"
#include "model/weights_check.h"

namespace assay {
namespace {

using nlohmann::json;

// The format allows 100 MB; tables of the largest models stay under 10 MB, and parsed JSON takes
// many times its text.
constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{32} << 20U;
constexpr std::int64_t kMaxDim = kMaxVocab;

std::optional<TensorType> float_type(std::string_view dtype) {
  for (const TensorType type : {TensorType::F32, TensorType::F16, TensorType::BF16}) {
    if (tensor_type_name(type) == dtype) return type;
  }
  return std::nullopt;
}

Result<void> read_type_and_shape(JsonFields& entry, const std::string& name, WeightView& view) {
  const std::string dtype = entry.text("dtype").value_or("");
  const bool has_shape = entry.array("shape") != nullptr;
  const std::vector<std::int64_t> shape = entry.integers("shape", 1, kMaxDim);
  if (!entry.ok()) return tl::unexpected(entry.error());
  const std::string label = name_for_message(name);
  const std::optional<TensorType> type = float_type(dtype);
  if (!type) {
    return unsupported(entry.file(),
                       fmt::format("tensor {} has type '{}', which assay does not compute", label,
                                   name_for_message(dtype)),
                       "known in safetensors: F32, F16, BF16");
  }
  if (!has_shape || shape.empty() || shape.size() > 2) {
    return unsupported(entry.file(),
                       fmt::format("tensor {} has {} dimensions", label, shape.size()),
                       "known models consist of matrices and vectors only");
  }
  view.type = *type;
  view.rows = shape.size() == 2 ? shape[0] : 1;
  view.cols = shape.back();
  return {};
}

Result<WeightView> read_entry(const json& value, const std::string& name,
                              std::span<const std::byte> data, const std::string& file) {
  const auto bad = [&](const std::string& problem) {
    return damaged(file, fmt::format("tensor {} {}", name_for_message(name), problem));
  };
  if (!value.is_object()) return bad("is not described by an object");
  JsonFields entry(value, file, "tensor " + name_for_message(name));
  WeightView view;
  if (const Result<void> read = read_type_and_shape(entry, name, view); !read) {
    return tl::unexpected(read.error());
  }
  const auto end_of_data = static_cast<std::int64_t>(data.size());
  const std::vector<std::int64_t> offsets = entry.integers("data_offsets", 0, end_of_data);
  if (!entry.ok()) return tl::unexpected(entry.error());
  if (offsets.size() != 2) return bad("has no pair of data_offsets");
  const std::int64_t size = view.rows * row_bytes(view.type, view.cols);
  if (offsets[1] - offsets[0] != size) {
    return bad(fmt::format("has data_offsets {} to {}, its shape needs {} bytes", offsets[0],
                           offsets[1], size));
  }
  view.bytes = data.subspan(static_cast<std::size_t>(offsets[0]), static_cast<std::size_t>(size));
  return view;
}

/// The format asks that the data be covered exactly once.
Result<void> check_coverage(const std::map<std::string, WeightView>& tensors,
                            std::span<const std::byte> data, const std::string& file) {
  std::vector<const WeightView*> by_offset;
  by_offset.reserve(tensors.size());
  for (const auto& [name, view] : tensors) by_offset.push_back(&view);
  std::sort(by_offset.begin(), by_offset.end(), [](const WeightView* a, const WeightView* b) {
    return a->bytes.data() < b->bytes.data();
  });
  const std::byte* expected = data.data();
  for (const WeightView* view : by_offset) {
    if (view->bytes.data() != expected) {
      return damaged(
          file, fmt::format("tensor {} {} the one before it", name_for_message(view->name),
                            view->bytes.data() < expected ? "overlaps" : "leaves a hole after"));
    }
    expected += view->bytes.size();
  }
  const auto rest = data.data() + data.size() - expected;
  if (rest != 0) return damaged(file, fmt::format("has {} bytes after the last tensor", rest));
  return {};
}

bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

}  // namespace

Result<std::map<std::string, WeightView>> parse_safetensors(std::span<const std::byte> bytes,
                                                            const std::string& file) {
  ByteReader in(bytes, file);
  const auto header_bytes = in.number<std::uint64_t>("the header's length");
  if (in.ok() && header_bytes > kMaxHeaderBytes) {
    return damaged(file, fmt::format("claims a header of {} bytes, more than the allowed {}",
                                     header_bytes, kMaxHeaderBytes));
  }
  const auto header = in.take(header_bytes, "the header");
  if (!in.ok()) return tl::unexpected(in.error());
  const auto data = bytes.subspan(in.offset());
  const auto table =
      parse_json_object({reinterpret_cast<const char*>(header.data()), header.size()}, file);
  if (!table) return tl::unexpected(table.error());

  std::map<std::string, WeightView> tensors;
  for (const auto& [name, value] : table->items()) {
    if (name == "__metadata__") continue;
    const Result<WeightView> view = read_entry(value, name, data, file);
    if (!view) return tl::unexpected(view.error());
    const auto entry = tensors.emplace(name, *view).first;
    entry->second.name = entry->first;
  }
  if (const Result<void> covered = check_coverage(tensors, data, file); !covered) {
    return tl::unexpected(covered.error());
  }
  return tensors;
}

Result<std::map<std::string, std::string>> parse_safetensors_index(std::string_view text,
                                                                   const std::string& file) {
  const auto index = parse_json_object(text, file);
  if (!index) return tl::unexpected(index.error());
  JsonFields fields(*index, file);
  const json* weight_map = fields.object("weight_map");
  if (!fields.ok()) return tl::unexpected(fields.error());
  if (weight_map == nullptr || weight_map->empty()) {
    return damaged(file, "has no 'weight_map'");
  }
  std::map<std::string, std::string> out;
  for (const auto& [name, shard] : weight_map->items()) {
    if (!shard.is_string()) {
      return damaged(file, fmt::format("tensor {} has no file name", name_for_message(name)));
    }
    const auto& shard_name = shard.get_ref<const std::string&>();
    if (!is_plain_file_name(shard_name)) {
      return damaged(file, fmt::format("names '{}', which is not a plain file name of its folder",
                                       name_for_message(shard_name)));
    }
    out.emplace(name, shard_name);
  }
  return out;
}

}  // namespace assay
