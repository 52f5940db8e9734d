#include "core/types.h"

#include <fmt/core.h>

#include <array>

#include "core/error.h"

namespace assay {
namespace {

struct TypeRow {
  TensorType type;
  std::string_view name;
  BlockLayout layout;
};

// Block sizes: ggml's GGUF specification.
constexpr std::array<TypeRow, 13> kTypes = {{
    {TensorType::F32, "F32", {1, 4}},
    {TensorType::F16, "F16", {1, 2}},
    {TensorType::Q4_0, "Q4_0", {32, 18}},
    {TensorType::Q4_1, "Q4_1", {32, 20}},
    {TensorType::Q5_0, "Q5_0", {32, 22}},
    {TensorType::Q5_1, "Q5_1", {32, 24}},
    {TensorType::Q8_0, "Q8_0", {32, 34}},
    {TensorType::Q2_K, "Q2_K", {256, 84}},
    {TensorType::Q3_K, "Q3_K", {256, 110}},
    {TensorType::Q4_K, "Q4_K", {256, 144}},
    {TensorType::Q5_K, "Q5_K", {256, 176}},
    {TensorType::Q6_K, "Q6_K", {256, 210}},
    {TensorType::BF16, "BF16", {1, 2}},
}};

constexpr std::array<TensorType, kTypes.size()> type_list() {
  std::array<TensorType, kTypes.size()> out{};
  for (std::size_t i = 0; i < kTypes.size(); ++i) out[i] = kTypes[i].type;
  return out;
}
constexpr auto kTypeList = type_list();

const TypeRow* find(std::uint32_t number) {
  for (const TypeRow& row : kTypes) {
    if (static_cast<std::uint32_t>(row.type) == number) return &row;
  }
  return nullptr;
}

const TypeRow& row_of(TensorType type) {
  const TypeRow* row = find(static_cast<std::uint32_t>(type));
  ASSAY_ASSERT(row != nullptr);
  return *row;
}

// Types that GGUF defines and assay does not compute with; named so that a refusal can say which.
struct NamedNumber {
  std::uint32_t number;
  std::string_view name;
};
constexpr std::array<NamedNumber, 21> kOtherTypes = {{
    {4, "Q4_2"},     {5, "Q4_3"},   {9, "Q8_1"},    {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"},
    {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"},   {23, "IQ4_XS"},
    {24, "I8"},      {25, "I16"},   {26, "I32"},    {27, "I64"},   {28, "F64"},     {29, "IQ1_M"},
    {34, "TQ1_0"},   {35, "TQ2_0"}, {39, "MXFP4"},
}};

}  // namespace

std::span<const TensorType> all_tensor_types() {
  return kTypeList;
}

std::string_view tensor_type_name(TensorType type) {
  return row_of(type).name;
}

bool tensor_type_from_gguf(std::uint32_t number, TensorType* out) {
  const TypeRow* row = find(number);
  if (row != nullptr) *out = row->type;
  return row != nullptr;
}

std::string gguf_type_name(std::uint32_t number) {
  if (const TypeRow* row = find(number)) return std::string(row->name);
  for (const NamedNumber& other : kOtherTypes) {
    if (other.number == number) return std::string(other.name);
  }
  return fmt::format("type {}", number);
}

BlockLayout block_layout(TensorType type) {
  return row_of(type).layout;
}

bool is_float_type(TensorType type) {
  return block_layout(type).elements == 1;
}

std::int64_t row_bytes(TensorType type, std::int64_t cols) {
  const BlockLayout layout = block_layout(type);
  ASSAY_ASSERT(cols % layout.elements == 0);
  return cols / layout.elements * layout.bytes;
}

std::string_view numerics_name(Numerics numerics) {
  return numerics == Numerics::exact ? "exact/1" : "fast";
}

std::string_view stop_reason_name(StopReason reason) {
  switch (reason) {
    case StopReason::eos:
      return "eos";
    case StopReason::stop_string:
      return "stop_string";
    case StopReason::length:
      return "length";
    case StopReason::error:
      return "error";
  }
  return "error";
}

}  // namespace assay
