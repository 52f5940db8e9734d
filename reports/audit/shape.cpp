#include "reports/audit/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/audit/fields.h"
#include "reports/common/show.h"

namespace assay {

namespace embedded {
extern const std::string_view audit_models;
}

namespace {

using nlohmann::json;

std::string letters_and_digits(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

std::int64_t matrices_of_a_layer(const ModelShape& s) {
  return 2 * s.hidden * s.heads * s.head_dim + 2 * s.hidden * s.kv_heads * s.head_dim +
         3 * s.hidden * s.ffn;
}

std::int64_t vectors_of_a_layer(const ModelShape& s) {
  const std::int64_t bias = s.qkv_bias ? (s.heads + 2 * s.kv_heads) * s.head_dim : 0;
  return 2 * s.hidden + bias + (s.qk_norm ? 2 * s.head_dim : 0);
}

/// Bits of a class that a stated precision means; 0: it names none.
int stated_bits(const std::string& plain) {
  struct Name {
    std::string_view text;
    int bits;
  };
  constexpr std::array<Name, 34> kNames = {
      {{"fp16", 16},  {"f16", 16},    {"bf16", 16}, {"bfloat16", 16}, {"float16", 16}, {"half", 16},
       {"16bit", 16}, {"16bits", 16}, {"int8", 8},  {"w8a8", 8},      {"w8a16", 8},    {"q8", 8},
       {"fp8", 8},    {"8bit", 8},    {"8bits", 8}, {"q6", 6},        {"6bit", 6},     {"6bits", 6},
       {"q5", 5},     {"5bit", 5},    {"5bits", 5}, {"q4", 4},        {"ggufq4", 4},   {"int4", 4},
       {"w4a16", 4},  {"4bit", 4},    {"4bits", 4}, {"q3", 3},        {"3bit", 3},     {"3bits", 3},
       {"q2", 2},     {"2bit", 2},    {"2bits", 2}, {"int2", 2}}};
  for (const Name& name : kNames) {
    if (name.text == plain) return name.bits;
  }
  return 0;
}

bool is_quantised(const std::string& plain) {
  return plain == "quantised" || plain == "quantized";
}

constexpr std::array<std::string_view, 13> kFormats = {
    "f32", "bf16", "f16", "q80", "q6k", "q5ks", "q51", "q50", "q4km", "q41", "q40", "q3ks", "q2k"};

}  // namespace

std::int64_t ModelShape::parameters() const {
  return layers * (matrices_of_a_layer(*this) + vectors_of_a_layer(*this)) + hidden +
         vocab * hidden * (tied_embeddings ? 1 : 2);
}

std::int64_t ModelShape::weights_read() const {
  return parameters() - (tied_embeddings ? 0 : vocab * hidden);
}

std::int64_t ModelShape::kv_bytes_per_token() const {
  return 2 * layers * kv_heads * head_dim * 2;
}

std::string ModelShape::parameters_arithmetic() const {
  const std::int64_t table = vocab * hidden;
  return fmt::format("{} layers x {} + {} final norm + {} x {} of vocabulary = {}", layers,
                     show_count(matrices_of_a_layer(*this) + vectors_of_a_layer(*this)), hidden,
                     tied_embeddings ? "one table" : "two tables", show_count(table),
                     show_count(parameters()));
}

std::string ModelShape::weights_read_arithmetic() const {
  if (tied_embeddings) {
    return fmt::format("{} weights, all of them: the embedding table is also the output head",
                       show_count(weights_read()));
  }
  return fmt::format("{} weights - {} of the embedding table, read by the row = {}",
                     show_count(parameters()), show_count(vocab * hidden),
                     show_count(weights_read()));
}

std::string ModelShape::kv_arithmetic() const {
  return fmt::format("2 x {} layers x {} heads x {} x 2 bytes = {} bytes a token", layers, kv_heads,
                     head_dim, show_count(kv_bytes_per_token()));
}

std::vector<WeightSizes> precisions_of(const ModelShape& shape, const SizesOf& sizes_of) {
  std::vector<WeightSizes> out = sizes_of ? sizes_of(shape) : std::vector<WeightSizes>{};
  for (const int bits : {16, 8, 6, 5, 4, 3, 2}) {
    if (bits == 16 && !out.empty()) continue;  // F16 is bare already
    out.push_back({fmt::format("{} bits", bits), bits, false, shape.parameters() * bits / 8,
                   shape.weights_read() * bits / 8});
  }
  std::stable_sort(out.begin(), out.end(), [](const WeightSizes& a, const WeightSizes& b) {
    return a.read_bytes > b.read_bytes;
  });
  return out;
}

bool precision_matches(const std::string& precision, const WeightSizes& row) {
  const std::string plain = letters_and_digits(precision);
  if (plain.empty()) return true;
  if (is_quantised(plain)) return row.nominal_bits <= 8;
  if (const int bits = stated_bits(plain); bits > 0) return row.nominal_bits == bits;
  return letters_and_digits(row.name) == plain;
}

int nominal_bits_of(const std::string& weight_type) {
  const std::string plain = letters_and_digits(weight_type);
  if (plain == "f32") return 32;
  if (const int bits = stated_bits(plain); bits > 0) return bits;
  const bool is_format = std::find(kFormats.begin(), kFormats.end(), plain) != kFormats.end();
  return is_format && plain.size() > 1 ? plain[1] - '0' : 0;
}

bool precision_covers(const std::string& claimed, const std::string& found) {
  const std::string left = letters_and_digits(claimed);
  const std::string right = letters_and_digits(found);
  if (left == right || (is_quantised(left) && is_quantised(right))) return true;
  const int bits = nominal_bits_of(found);
  if (bits == 0) return false;
  return precision_matches(claimed, {found, bits, true, 0, 0});
}

bool is_known_precision(const std::string& precision) {
  const std::string plain = letters_and_digits(precision);
  return plain.empty() || is_quantised(plain) || stated_bits(plain) > 0 ||
         std::find(kFormats.begin(), kFormats.end(), plain) != kFormats.end();
}

Result<ModelShape> parse_shape(const json& value, const std::string& where) {
  std::string error;
  Fields of(value, where, &error);
  ModelShape out;
  out.name = of.text("name");
  out.title = of.text("title", false);
  if (out.title.empty()) out.title = out.name;
  out.aliases = of.texts("aliases");
  const auto size = [&of](const char* name) {
    return of.integer(name, 1, std::int64_t{1} << 24).value_or(1);
  };
  out.layers = size("layers");
  out.hidden = size("hidden");
  out.heads = size("heads");
  out.kv_heads = size("kv_heads");
  out.head_dim = size("head_dim");
  out.ffn = size("ffn");
  out.vocab = size("vocab");
  out.tied_embeddings = of.flag("tied_embeddings", false);
  out.qkv_bias = of.flag("qkv_bias", false);
  out.qk_norm = of.flag("qk_norm", false);
  out.max_context = of.integer("max_context", 1, std::int64_t{1} << 40, false).value_or(0);
  out.source = of.text("source");
  // Products of the sizes must stay far from overflow.
  const double most = static_cast<double>(out.layers) * static_cast<double>(out.hidden) *
                      (4.0 * static_cast<double>(out.heads) * static_cast<double>(out.head_dim) +
                       3.0 * static_cast<double>(out.ffn));
  if (most + 2.0 * static_cast<double>(out.vocab) * static_cast<double>(out.hidden) > 1e15) {
    of.fail("", "has more than 1e15 weights");
  }
  if (!error.empty()) return env_failure(error, "give the shape of its config.json");
  return out;
}

const std::vector<ModelShape>& known_shapes() {
  static const std::vector<ModelShape> kShapes = [] {
    std::vector<ModelShape> out;
    const json file = value_or_throw(parse_json(embedded::audit_models));
    for (const json& entry : json_list(file, "models")) {
      out.push_back(value_or_throw(parse_shape(entry, "models.json")));
      ASSAY_ASSERT(json_integer(entry, "parameters") == out.back().parameters());
    }
    return out;
  }();
  return kShapes;
}

std::string plain_model_name(const std::string& name) {
  std::string out = letters_and_digits(name);
  if (out.ends_with("gguf")) out.resize(out.size() - 4);
  for (const std::string_view format : kFormats) {
    if (out.size() > format.size() && out.ends_with(format)) {
      out.resize(out.size() - format.size());
      break;
    }
  }
  return out;
}

const ModelShape* find_shape(const std::vector<ModelShape>& shapes, const std::string& name) {
  const std::string plain = plain_model_name(name);
  for (const ModelShape& shape : shapes) {
    const auto is_it = [&plain](const std::string& own) { return plain_model_name(own) == plain; };
    if (is_it(shape.name) || is_it(shape.title) ||
        std::any_of(shape.aliases.begin(), shape.aliases.end(), is_it)) {
      return &shape;
    }
  }
  return nullptr;
}

}  // namespace assay
