#include "harness/quantize/quantize.h"

#include <fmt/core.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <vector>

#include "backends/common/thread_pool.h"
#include "core/numerics/rope.h"
#include "core/quant/dequantize.h"
#include "core/quant/encode.h"
#include "harness/quantize/metadata.h"
#include "model/gguf/gguf_writer.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

/// Rows encoded between two writes.
constexpr std::int64_t kRowsAtOnce = 512;

/// A tensor of the file to come.
struct Output {
  GgufTensorEntry entry;
  const WeightView* source = nullptr;  ///< null: `values` are the tensor
  std::vector<float> values;
  std::int64_t permuted_head_dim = 0;  ///< 0: rows keep their order
};

/// What llama3's scaling divides each frequency by, or the file's own factors; empty: none.
std::vector<float> rope_factors(const ModelConfig& config) {
  if (!config.rope_freq_factors.empty()) return config.rope_freq_factors;
  if (config.rope_scaling.factor == 0) return {};
  ModelConfig plain = config;
  plain.rope_scaling = {};
  const numerics::RopeTable unscaled(plain, 0);
  const numerics::RopeTable scaled(config, 0);
  std::vector<float> factors;
  for (std::size_t i = 0; i < scaled.inv_freq().size(); ++i) {
    factors.push_back(static_cast<float>(unscaled.inv_freq()[i] / scaled.inv_freq()[i]));
  }
  return factors;
}

std::vector<Output> plan_outputs(const ModelFile& model, const Mixture& mixture) {
  std::vector<Output> outputs;
  const auto factors = rope_factors(model.config);
  if (!factors.empty()) {
    Output output;
    output.entry = {"rope_freqs.weight", TensorType::F32, 1, std::ssize(factors)};
    output.values = factors;
    outputs.push_back(std::move(output));
  }
  // GGUF's Llama rotates neighbours, a Hugging Face file's halves: rows of Q and K change places.
  const bool permutes =
      model.config.arch == Arch::llama && model.config.rope_style == RopeStyle::half;
  for (const auto& [name, view] : model.tensors) {
    if (!is_float_type(view.type)) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: tensor {} is {} already; quantising twice adds both errors",
                              model.path, name, tensor_type_name(view.type)),
                  "give the F32, F16 or BF16 checkpoint");
    }
    const bool is_rotated = name.ends_with("attn_q.weight") || name.ends_with("attn_k.weight");
    Output output;
    output.entry = {name, tensor_type_in(mixture, name, view.rows, view.cols, model.config),
                    view.rows, view.cols};
    output.source = &view;
    if (permutes && is_rotated) output.permuted_head_dim = model.config.head_dim;
    outputs.push_back(std::move(output));
  }
  return outputs;
}

/// The source's row that becomes row `row`.
std::int64_t source_row(std::int64_t row, std::int64_t head_dim) {
  if (head_dim == 0) return row;
  const std::int64_t within = row % head_dim;
  return row - within + within % 2 * (head_dim / 2) + within / 2;
}

/// Of one worker.
struct ErrorSums {
  double squares = 0;
  double errors = 0;
  bool is_finite = true;
};

class TensorEncoder {
 public:
  explicit TensorEncoder(int threads) : pool_(threads), sums_(static_cast<std::size_t>(threads)) {}

  /// Rows [begin, end) of the tensor; valid until the next call. Throws on NaN and infinity.
  std::string_view encode(const Output& output, std::int64_t begin, std::int64_t end) {
    const std::int64_t stride = row_bytes(output.entry.type, output.entry.cols);
    bytes_.resize(static_cast<std::size_t>((end - begin) * stride));
    pool_.for_ranges(end - begin, 1, [&](std::int64_t from, std::int64_t to, int worker) {
      std::vector<float> row(static_cast<std::size_t>(output.entry.cols));
      std::vector<float> back(row.size());
      for (std::int64_t r = from; r < to; ++r) {
        auto* const encoded = reinterpret_cast<std::byte*>(bytes_.data() + r * stride);
        encode_row(output, begin + r, row, back, encoded, sums_[static_cast<std::size_t>(worker)]);
      }
    });
    for (const ErrorSums& sums : sums_) {
      if (!sums.is_finite) {
        throw Error(ErrorKind::environment,
                    fmt::format("tensor {} holds NaN or infinity", output.entry.name),
                    "the checkpoint is damaged: fetch it again");
      }
    }
    return bytes_;
  }

  double relative_error() const {
    ErrorSums all;
    for (const ErrorSums& sums : sums_) {
      all.squares += sums.squares;
      all.errors += sums.errors;
    }
    return all.squares > 0 ? std::sqrt(all.errors / all.squares) : 0;
  }

 private:
  static void encode_row(const Output& output, std::int64_t index, std::vector<float>& row,
                         std::vector<float>& back, std::byte* encoded, ErrorSums& sums) {
    const auto n = std::ssize(row);
    if (output.source == nullptr) {
      row = output.values;
    } else {
      const WeightView& view = *output.source;
      const std::int64_t at = source_row(index, output.permuted_head_dim);
      quant::dequantize_row(view.type, view.bytes.data() + at * row_bytes(view.type, n), row.data(),
                            n);
    }
    for (const float x : row) sums.is_finite = sums.is_finite && std::isfinite(x);
    quant::encode_row(output.entry.type, row.data(), n, encoded);
    if (is_float_type(output.entry.type)) return;
    quant::dequantize_row(output.entry.type, encoded, back.data(), n);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double error = static_cast<double>(back[i]) - static_cast<double>(row[i]);
      sums.squares += static_cast<double>(row[i]) * static_cast<double>(row[i]);
      sums.errors += error * error;
    }
  }

  ThreadPool pool_;
  std::vector<ErrorSums> sums_;
  std::string bytes_;
};

/// A file under a temporary name, removed unless it is finished.
class NewFile {
 public:
  explicit NewFile(const std::string& path) : path_(path), part_(path + ".part") {
    stream_.open(part_, std::ios::binary | std::ios::trunc);
    if (!stream_) fail();
  }
  ~NewFile() {
    std::error_code ignored;
    if (!finished_) fs::remove(part_, ignored);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view bytes) {
    stream_.write(bytes.data(), std::ssize(bytes));
    if (!stream_) fail();
  }
  void pad(std::int64_t bytes) { write(std::string(static_cast<std::size_t>(bytes), '\0')); }
  void finish() {
    stream_.close();
    if (!stream_) fail();
    std::error_code error;
    fs::rename(part_, path_, error);
    if (error) fail();
    finished_ = true;
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::environment, fmt::format("cannot write {}", part_),
                "check the folder, its permissions and the disk's free space");
  }

  std::string path_;
  std::string part_;
  std::ofstream stream_;
  bool finished_ = false;
};

void check_destination(const std::string& out, bool overwrite, std::int64_t bytes) {
  std::error_code ignored;
  if (!overwrite && fs::exists(out, ignored)) {
    throw Error(ErrorKind::usage, fmt::format("{} exists", out),
                "name another file, or add --overwrite");
  }
  fs::path folder = fs::path(out).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code unknown;
  const fs::space_info space = fs::space(folder, unknown);
  if (!unknown && space.available < static_cast<std::uintmax_t>(bytes)) {
    throw Error(ErrorKind::environment,
                fmt::format("{} needs {:.1f} MB, and {} has {:.1f} MB free", out,
                            static_cast<double>(bytes) / 1e6, folder.string(),
                            static_cast<double>(space.available) / 1e6),
                "free some space, or write elsewhere");
  }
}

}  // namespace

QuantizeSummary quantize_model(const ModelFile& model, const std::string& out,
                               const QuantizeOptions& options, const Listener& listener) {
  const std::vector<Output> outputs = plan_outputs(model, options.mixture);
  QuantizeSummary summary;
  summary.parameters = model.parameters;
  std::vector<GgufTensorEntry> entries;
  std::int64_t rows = 0;
  std::int64_t data_bytes = 0;
  for (const Output& output : outputs) {
    entries.push_back(output.entry);
    rows += output.entry.rows;
    data_bytes += gguf_padded_bytes(output.entry.bytes());
    ++summary.tensors_by_type[std::string(tensor_type_name(output.entry.type))];
    if (output.source != nullptr) summary.bytes_in += std::ssize(output.source->bytes);
  }
  const std::string header = gguf_header(quantized_metadata(model, options.mixture.name), entries);
  summary.bytes_out = std::ssize(header) + data_bytes;
  check_destination(out, options.overwrite, summary.bytes_out);

  NewFile file(out);
  file.write(header);
  TensorEncoder encoder(options.threads > 0 ? options.threads : usable_physical_cores());
  std::int64_t done = 0;
  for (const Output& output : outputs) {
    for (std::int64_t row = 0; row < output.entry.rows; row += kRowsAtOnce) {
      throw_if_cancelled(listener, "nothing was written");
      const std::int64_t end = std::min(output.entry.rows, row + kRowsAtOnce);
      file.write(encoder.encode(output, row, end));
      done += end - row;
      listener.progress({.what = "quantising " + model.name,
                         .done = done,
                         .total = rows,
                         .bytes = false,
                         .note = {}});
    }
    if (output.source != nullptr) MappedFile::release(output.source->bytes);
    file.pad(gguf_padded_bytes(output.entry.bytes()) - output.entry.bytes());
  }
  file.finish();
  summary.relative_error = encoder.relative_error();
  return summary;
}

}  // namespace assay
