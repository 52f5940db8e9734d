// assay_kernels_bench: the cpu backend's kernels one by one, on the shapes of SmolLM2-135M and
// Qwen2.5-1.5B, through Device as the model calls them. Options before Google Benchmark's own:
//   --threads=N --isa=... --gemm=... --pin=...      as --backend cpu:... takes them
//   --numerics=exact|fast                           exact, unless gemm names a library
// GB/s counts each byte of weights, keys and values once a call; GFLOP/s counts two a multiply-add.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "core/numerics/rope.h"
#include "core/plugins.h"

namespace assay {
BackendPlugin make_backend_cpu();
}

namespace assay::bench {
namespace {

// More than the caches hold, so that weights come from memory, as they do in a model.
constexpr std::int64_t kColdBytes = std::int64_t{128} << 20;

Device* device = nullptr;

/// Bytes whose every field is a harmless number in every type, and which are no constant.
std::vector<std::byte> plain_bytes(std::int64_t n) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(n));
  std::uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(0x20U + (state >> 24 & 0x1fU));
  }
  return bytes;
}

struct Matrix {
  std::unique_ptr<DeviceBuffer> buffer;
  Tensor tensor;
};

Matrix matrix(std::int64_t rows, std::int64_t cols) {
  Matrix m{device->allocate(rows * cols), {}};
  m.tensor = {m.buffer->data(), rows, cols};
  for (std::int64_t i = 0; i < rows * cols; ++i) {
    m.tensor.data[i] = 0.01F * static_cast<float>(i % 201 - 100);
  }
  return m;
}

void count(benchmark::State& state, std::int64_t bytes, std::int64_t flops) {
  using benchmark::Counter;
  const auto per_call = static_cast<double>(state.iterations());
  if (bytes > 0) {
    state.counters["GB/s"] = Counter(static_cast<double>(bytes) * per_call / 1e9, Counter::kIsRate);
  }
  if (flops > 0) {
    state.counters["GFLOP/s"] =
        Counter(static_cast<double>(flops) * per_call / 1e9, Counter::kIsRate);
  }
}

std::vector<std::int32_t> first_positions(std::int32_t n) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

template <class Body>
void repeat(benchmark::State& state, const Body& body) {
  while (state.KeepRunning()) body();
}

struct LinearShape {
  const char* model;
  std::int64_t rows;
  std::int64_t k;
};
constexpr LinearShape kLinearShapes[] = {{"smollm2_up", 1536, 576},
                                         {"smollm2_down", 576, 1536},
                                         {"qwen1.5b_up", 8960, 1536},
                                         {"qwen1.5b_down", 1536, 8960}};

void linear(benchmark::State& state, TensorType type, const LinearShape& shape, std::int64_t m) {
  const std::int64_t bytes = shape.rows * row_bytes(type, shape.k);
  const std::int64_t copies = m >= 64 ? 1 : kColdBytes / bytes + 1;
  const auto storage = plain_bytes(bytes * copies);
  std::vector<std::unique_ptr<DeviceWeight>> weights;
  for (std::int64_t i = 0; i < copies; ++i) {
    const std::span part(storage.data() + i * bytes, static_cast<std::size_t>(bytes));
    weights.push_back(device->upload({"w", type, shape.rows, shape.k, part}));
  }
  const Matrix x = matrix(m, shape.k);
  const Matrix y = matrix(m, shape.rows);
  const Phase phase = m >= 64 ? Phase::prefill : Phase::decode;
  std::size_t next = 0;
  repeat(state, [&] {
    device->linear(*weights[next], nullptr, x.tensor, y.tensor, phase);
    next = (next + 1) % weights.size();
  });
  count(state, bytes, 2 * m * shape.rows * shape.k);
}

struct AttentionShape {
  const char* model;
  std::int64_t n_heads;
  std::int64_t n_kv_heads;
  std::int64_t head_dim;
};
constexpr AttentionShape kAttentionShapes[] = {{"smollm2", 9, 3, 64}, {"qwen1.5b", 12, 2, 128}};

void attention(benchmark::State& state, const AttentionShape& shape, std::int32_t rows,
               std::int32_t length) {
  const std::int32_t n_pages = (length + kKvPageTokens - 1) / kKvPageTokens;
  const auto cache = device->create_kv({1, shape.n_kv_heads, shape.head_dim, n_pages, KvType::f16});
  const std::vector<std::int32_t> pages = first_positions(n_pages);
  const std::vector<std::int32_t> positions = first_positions(length);
  const BatchSpan all{0, length, 0, pages};
  const Matrix kv = matrix(length, shape.n_kv_heads * shape.head_dim);
  device->kv_store(*cache, 0, {Phase::prefill, length, {&all, 1}, positions}, kv.tensor, kv.tensor);
  const BatchSpan span{0, rows, length - rows, pages};
  const Batch batch{rows == 1 ? Phase::decode : Phase::prefill,
                    rows,
                    {&span, 1},
                    std::span(positions).last(static_cast<std::size_t>(rows))};
  const Matrix q = matrix(rows, shape.n_heads * shape.head_dim);
  const Matrix out = matrix(rows, shape.n_heads * shape.head_dim);
  repeat(state, [&] { device->attention(*cache, 0, batch, q.tensor, shape.n_heads, out.tensor); });
  const std::int64_t seen = std::int64_t{rows} * (2 * length - rows + 1) / 2;  // query-key pairs
  count(state, std::int64_t{length} * shape.n_kv_heads * shape.head_dim * 2 * 2,
        4 * seen * shape.n_heads * shape.head_dim);
}

void rms_norm(benchmark::State& state, std::int64_t rows, std::int64_t cols) {
  const auto storage = plain_bytes(cols * std::int64_t{sizeof(float)});
  const auto gain = device->upload({"gain", TensorType::F32, 1, cols, storage});
  const Matrix x = matrix(rows, cols);
  const Matrix out = matrix(rows, cols);
  repeat(state, [&] { device->rms_norm(x.tensor, *gain, 1e-5F, out.tensor); });
  count(state, rows * cols * 8, 0);
}

void swiglu(benchmark::State& state, std::int64_t rows, std::int64_t cols) {
  const Matrix gate = matrix(rows, cols);
  const Matrix up = matrix(rows, cols);
  const Matrix out = matrix(rows, cols);
  repeat(state, [&] { device->swiglu(gate.tensor, up.tensor, out.tensor); });
  count(state, rows * cols * 12, 0);
  state.counters["exp/s"] = benchmark::Counter(
      static_cast<double>(rows * cols * state.iterations()), benchmark::Counter::kIsRate);
}

void rope(benchmark::State& state, std::int64_t rows, const AttentionShape& shape) {
  ModelConfig config;
  config.head_dim = shape.head_dim;
  const numerics::RopeTable table(config, rows);
  const auto positions = first_positions(static_cast<std::int32_t>(rows));
  const Matrix x = matrix(rows, shape.n_heads * shape.head_dim);
  repeat(state, [&] { device->rope(x.tensor, shape.head_dim, positions, table); });
  count(state, rows * x.tensor.cols * 8, 0);
}

void embed(benchmark::State& state, TensorType type, std::int64_t cols) {
  constexpr std::int64_t kVocab = 1024;
  const auto storage = plain_bytes(kVocab * row_bytes(type, cols));
  const auto table = device->upload({"table", type, kVocab, cols, storage});
  std::vector<TokenId> ids = first_positions(512);
  for (TokenId& id : ids) id = id * 7 % static_cast<TokenId>(kVocab);
  const Matrix out = matrix(512, cols);
  repeat(state, [&] { device->embed(*table, ids, out.tensor); });
  count(state, 512 * row_bytes(type, cols), 0);
}

template <class Body>
void add(const std::string& name, Body body) {
  benchmark::RegisterBenchmark(name.c_str(), body)->UseRealTime();
}

void register_linear() {
  for (const TensorType type : all_tensor_types()) {
    for (const LinearShape& shape : kLinearShapes) {
      if (shape.k % block_layout(type).elements != 0) continue;
      for (const std::int64_t m : {1, 8, 512}) {
        add(fmt::format("linear/{}/{}/m:{}", tensor_type_name(type), shape.model, m),
            [=](benchmark::State& state) { linear(state, type, shape, m); });
      }
    }
    add(fmt::format("embed/{}/1536", tensor_type_name(type)),
        [=](benchmark::State& state) { embed(state, type, 1536); });
  }
}

void register_rest() {
  for (const AttentionShape& shape : kAttentionShapes) {
    for (const std::int32_t length : {64, 1024, 8192}) {
      add(fmt::format("attention/{}/decode/context:{}", shape.model, length),
          [=](benchmark::State& state) { attention(state, shape, 1, length); });
    }
    add(fmt::format("attention/{}/prefill:512/context:1024", shape.model),
        [=](benchmark::State& state) { attention(state, shape, 512, 1024); });
    for (const std::int64_t rows : {1, 512}) {
      add(fmt::format("rope/{}/rows:{}", shape.model, rows),
          [=](benchmark::State& state) { rope(state, rows, shape); });
    }
  }
  for (const std::int64_t cols : {576, 1536}) {
    for (const std::int64_t rows : {1, 512}) {
      add(fmt::format("rms_norm/{}/rows:{}", cols, rows),
          [=](benchmark::State& state) { rms_norm(state, rows, cols); });
    }
  }
  for (const std::int64_t cols : {1536, 8960}) {
    for (const std::int64_t rows : {1, 512}) {
      add(fmt::format("swiglu/{}/rows:{}", cols, rows),
          [=](benchmark::State& state) { swiglu(state, rows, cols); });
    }
  }
}

/// Takes our options out of argv.
BackendRequest parse_options(int& argc, char** argv) {
  BackendRequest request;
  std::string numerics;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const auto value = std::string(arg.substr(std::min(arg.find('=') + 1, arg.size())));
    if (arg.starts_with("--threads=")) {
      request.threads = static_cast<int>(std::strtol(value.c_str(), nullptr, 10));
    } else if (arg.starts_with("--isa=") || arg.starts_with("--gemm=") ||
               arg.starts_with("--pin=")) {
      request.options[std::string(arg.substr(2, arg.find('=') - 2))] = value;
    } else if (arg.starts_with("--numerics=")) {
      numerics = value;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  request.numerics = numerics.empty()     ? make_backend_cpu().default_numerics(request.options)
                     : numerics == "fast" ? Numerics::fast
                                          : Numerics::exact;
  return request;
}

int run(int argc, char** argv) {
  const BackendRequest request = parse_options(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  auto created = make_backend_cpu().create(request);
  if (!created) {
    fmt::print(stderr, "assay_kernels_bench: {}\n", created.error().line());
    return static_cast<int>(created.error().kind());
  }
  device = created->get();
  const DeviceInfo info = device->info();
  benchmark::AddCustomContext("isa", info.isa);
  benchmark::AddCustomContext("semantics", info.semantics);
  benchmark::AddCustomContext("threads", std::to_string(info.threads));
  benchmark::AddCustomContext("gemm", info.gemm_library.empty() ? "own" : info.gemm_library);
  register_linear();
  register_rest();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  return assay::bench::run(argc, argv);
}
