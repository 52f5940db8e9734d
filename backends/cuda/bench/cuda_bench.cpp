// assay_cuda_bench: checks the fast kernels of backends/cuda against the host reference, then times
// decode on a synthetic Qwen2.5-1.5B, beside the bandwidth of reading its weights flat.
//   assay_cuda_bench check|engines|decode|many|batch ...
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "backends/cuda/bench/checks.h"
#include "backends/cuda/bench/synthetic.h"
#include "backends/cuda/fast/batch_engine.h"
#include "backends/cuda/fast/engine.h"

namespace assay::cuda::bench {
namespace {

/// Median seconds of a step.
double time_steps(fast::DecodeEngine& engine, std::int32_t first, int n, cudaStream_t stream) {
  check(cudaMemcpy(engine.inputs().positions, &first, 4, cudaMemcpyHostToDevice), "copy");
  for (int i = 0; i < 3; ++i) engine.step(first + i, true);
  check(cudaStreamSynchronize(stream), "warm up");
  std::vector<cudaEvent_t> events(static_cast<std::size_t>(n) + 1);
  for (auto& e : events) cudaEventCreate(&e);
  cudaEventRecord(events[0], stream);
  for (int i = 0; i < n; ++i) {
    engine.step(first + 3 + i, true);
    cudaEventRecord(events[static_cast<std::size_t>(i) + 1], stream);
  }
  check(cudaStreamSynchronize(stream), "decode");
  float total = 0;
  cudaEventElapsedTime(&total, events.front(), events.back());
  for (auto& e : events) cudaEventDestroy(e);
  return total * 1e-3 / n;
}

/// A few steps from the same start: token and hash of each.
std::vector<fast::HeadResult> replay(fast::DecodeEngine& engine, std::int32_t first, int n,
                                     cudaStream_t stream) {
  std::vector<fast::HeadResult> out(static_cast<std::size_t>(n));
  check(cudaMemcpy(engine.inputs().positions, &first, 4, cudaMemcpyHostToDevice), "copy");
  check(cudaMemset(engine.inputs().ids, 0, 4), "memset");
  for (int i = 0; i < n; ++i) {
    engine.step(first + i, true);
    check(cudaStreamSynchronize(stream), "step");
    check(cudaMemcpy(&out[static_cast<std::size_t>(i)], engine.result(), sizeof(out[0]),
                     cudaMemcpyDeviceToHost),
          "copy");
  }
  return out;
}

void set_pages(fast::DecodeEngine& engine, int n) {
  std::vector<std::int32_t> pages(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) pages[static_cast<std::size_t>(i)] = i;
  check(cudaMemcpy(engine.inputs().pages, pages.data(), pages.size() * 4, cudaMemcpyHostToDevice),
        "copy");
}

/// One kernel a step and five a layer must give the same bits.
bool check_engines(const char* name, const ModelTypes& types, cudaStream_t stream) {
  Synthetic memory;
  constexpr int kMaxPages = 24;
  ModelConfig config = qwen2_1_5b();
  config.n_layers = 3;
  const fast::EngineModel model = synthetic_model(config, types, 1, kMaxPages, memory);
  MemoryMeter meter;
  fast::DecodeEngine one(model, kMaxPages, stream, meter, true);
  fast::DecodeEngine many(model, kMaxPages, stream, meter, false);
  set_pages(one, kMaxPages);
  set_pages(many, kMaxPages);
  bool ok = true;
  for (const int first : {0, 62, 500, 1400}) {
    const auto a = replay(many, first, 4, stream);
    const auto b = replay(one, first, 4, stream);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const bool same = std::memcmp(&a[i], &b[i], sizeof(a[i])) == 0;
      if (!same) std::printf("  position %d: WRONG\n", first + static_cast<int>(i));
      ok = ok && same;
    }
  }
  std::printf("check step in one kernel %s: %s\n", name, ok ? "same bits" : "WRONG");
  return ok;
}

void time_decode(const char* name, const ModelTypes& types, bool one_kernel, cudaStream_t stream) {
  Synthetic memory;
  constexpr int kMaxPages = 144;
  const ModelConfig config = qwen2_1_5b();
  const fast::EngineModel model = synthetic_model(config, types, 1, kMaxPages, memory);
  MemoryMeter meter;
  const double flat = flat_read_seconds(memory, stream);
  const auto bytes = static_cast<double>(memory.weight_bytes());
  std::printf("%s: %.1f MB of weights, read flat in %.1f us (%.0f GB/s, %.0f tok/s)\n", name,
              bytes * 1e-6, flat * 1e6, bytes / flat * 1e-9, 1 / flat);
  fast::DecodeEngine engine(model, kMaxPages, stream, meter, one_kernel);
  set_pages(engine, kMaxPages);
  for (const int context : {100, 384, 2048, 8192}) {
    const double s = time_steps(engine, context - 70, 60, stream);
    const double kv = static_cast<double>(context) * 28672;
    std::printf(
        "%s decode exact/1 batch 1 context %d: %.1f us, %.0f tok/s, %.0f GB/s, %.1f %% of flat\n",
        name, context, s * 1e6, 1 / s, (bytes + kv) / s * 1e-9,
        100 * flat / s * (bytes + kv) / bytes);
  }
}

/// Rows of a batch: where each stands, and its pages.
struct Rows {
  std::vector<std::int32_t> ids, positions, pages;
  std::int32_t n_splits = 0;
};

/// n rows between contexts `low` and `high`, each with pages of its own.
Rows make_rows(int n, int low, int high, int pages_of_row) {
  Rows rows;
  for (int i = 0; i < n; ++i) {
    rows.ids.push_back(1000 + 37 * i);
    rows.positions.push_back(low + (high - low) * i / std::max(1, n - 1));
  }
  rows.n_splits = *std::max_element(rows.positions.begin(), rows.positions.end()) / 64 + 1;
  for (int i = 0; i < n; ++i) {
    for (int s = 0; s < rows.n_splits; ++s) rows.pages.push_back(i * pages_of_row + s);
  }
  return rows;
}

void set_rows(const fast::BatchEngine& engine, const Rows& rows, int first, int n) {
  const auto copy = [](std::int32_t* to, const std::int32_t* from, std::size_t count) {
    check(cudaMemcpy(to, from, count * 4, cudaMemcpyHostToDevice), "copy");
  };
  copy(engine.inputs().ids, &rows.ids[static_cast<std::size_t>(first)],
       static_cast<std::size_t>(n));
  copy(engine.inputs().positions, &rows.positions[static_cast<std::size_t>(first)],
       static_cast<std::size_t>(n));
  copy(engine.inputs().pages,
       &rows.pages[static_cast<std::size_t>(first) * static_cast<std::size_t>(rows.n_splits)],
       static_cast<std::size_t>(n) * static_cast<std::size_t>(rows.n_splits));
}

/// Rows in a batch against themselves alone (bits) and against exact/1 (closeness).
bool check_batch(int multiprocessors, cudaStream_t stream) {
  Synthetic memory;
  constexpr int kRows = 70;
  constexpr int kPages = 12;
  ModelConfig config = qwen2_1_5b();
  config.n_layers = 2;
  const fast::EngineModel model = synthetic_model(config, {}, kRows, kPages, memory);
  MemoryMeter meter;
  fast::BatchEngine batch(model, kRows, kPages, multiprocessors, stream, meter);
  fast::DecodeEngine exact(model, kPages, stream, meter, false);
  const Rows rows = make_rows(kRows, 0, 700, kPages);
  set_rows(batch, rows, 0, kRows);
  batch.step(kRows, rows.n_splits);
  check(cudaStreamSynchronize(stream), "batch");
  const auto n = static_cast<std::size_t>(config.vocab);
  std::vector<float> all(n * kRows);
  std::vector<float> one(n);
  check(cudaMemcpy(all.data(), batch.logits(), all.size() * 4, cudaMemcpyDeviceToHost), "copy");
  bool ok = true;
  double worst = 0;
  for (const int row : {0, 1, 33, 64, 69}) {
    const float* in_batch = &all[n * static_cast<std::size_t>(row)];
    set_rows(batch, rows, row, 1);
    batch.step(1, rows.n_splits);
    check(cudaStreamSynchronize(stream), "batch of one");
    check(cudaMemcpy(one.data(), batch.logits(), n * 4, cudaMemcpyDeviceToHost), "copy");
    ok = std::memcmp(one.data(), in_batch, n * 4) == 0 && ok;
    check(cudaMemcpy(exact.inputs().ids, &rows.ids[static_cast<std::size_t>(row)], 4,
                     cudaMemcpyHostToDevice),
          "copy");
    check(cudaMemcpy(exact.inputs().positions, &rows.positions[static_cast<std::size_t>(row)], 4,
                     cudaMemcpyHostToDevice),
          "copy");
    check(cudaMemcpy(
              exact.inputs().pages,
              &rows.pages[static_cast<std::size_t>(row) * static_cast<std::size_t>(rows.n_splits)],
              static_cast<std::size_t>(rows.n_splits) * 4, cudaMemcpyHostToDevice),
          "copy");
    exact.step(rows.positions[static_cast<std::size_t>(row)], false);
    check(cudaStreamSynchronize(stream), "exact");
    check(cudaMemcpy(one.data(), exact.logits(), n * 4, cudaMemcpyDeviceToHost), "copy");
    double error = 0;
    double norm = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double d = static_cast<double>(in_batch[i]) - static_cast<double>(one[i]);
      error += d * d;
      norm += static_cast<double>(one[i]) * static_cast<double>(one[i]);
    }
    worst = std::max(worst, std::sqrt(error / norm));
  }
  const bool near = worst < 0.03;
  std::printf("check batch on tensor cores: alone %s, relative error to exact/1 %.2e %s\n",
              ok ? "same bits" : "WRONG", worst, near ? "ok" : "WRONG");
  return ok && near;
}

void time_batches(int multiprocessors, cudaStream_t stream) {
  Synthetic memory;
  constexpr int kRows = 256;
  constexpr int kPages = 8;
  const ModelConfig config = qwen2_1_5b();
  const fast::EngineModel model = synthetic_model(config, {}, kRows, kPages, memory);
  const double flat = flat_read_seconds(memory, stream);
  const auto weights = static_cast<double>(memory.weight_bytes());
  MemoryMeter meter;
  fast::BatchEngine engine(model, kRows, kPages, multiprocessors, stream, meter);
  for (const int n : {1, 8, 64, 256}) {
    const Rows rows = make_rows(n, 256, 511, kPages);
    set_rows(engine, rows, 0, n);
    for (int i = 0; i < 3; ++i) engine.step(n, rows.n_splits);
    check(cudaStreamSynchronize(stream), "warm up");
    cudaEvent_t start = nullptr;
    cudaEvent_t stop = nullptr;
    cudaEventCreate(&start);
    cudaEventCreate(&stop);
    constexpr int kSteps = 20;
    cudaEventRecord(start, stream);
    for (int i = 0; i < kSteps; ++i) engine.step(n, rows.n_splits);
    cudaEventRecord(stop, stream);
    check(cudaEventSynchronize(stop), "batch");
    float ms = 0;
    cudaEventElapsedTime(&ms, start, stop);
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
    const double s = ms * 1e-3 / kSteps;
    double kv = 0;
    for (const std::int32_t p : rows.positions) kv += (p + 1) * 28672.0;
    std::printf("BF16 decode fast batch %d context 256-511: %.1f us, %.0f tok/s, %.1f %% of flat\n",
                n, s * 1e6, n / s, 100 * flat / s * (weights + kv) / weights);
  }
}

int run(int argc, char** argv) {
  int blocks = 0;
  check(cudaDeviceGetAttribute(&blocks, cudaDevAttrMultiProcessorCount, 0), "no device");
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
  bool ok = true;
  for (int i = 1; i < argc; ++i) {
    const std::string what = argv[i];
    const ModelTypes q8{TensorType::Q8_0, TensorType::Q8_0, TensorType::Q8_0};
    const ModelTypes q4{TensorType::Q4_K, TensorType::Q4_K, TensorType::Q6_K};
    const ModelTypes q4_down{TensorType::Q4_K, TensorType::Q6_K, TensorType::Q6_K};
    if (what == "check") ok = run_checks(blocks, stream) && ok;
    if (what == "engines") {
      ok = check_engines("BF16", {}, stream) && ok;
      ok = check_engines("Q8_0", q8, stream) && ok;
      ok = check_engines("Q4_K", q4, stream) && ok;
      ok = check_engines("Q4_K, down Q6_K", q4_down, stream) && ok;
    }
    if (what == "decode" || what == "many") {
      time_decode("BF16", {}, what == "decode", stream);
      time_decode("Q8_0", q8, what == "decode", stream);
      time_decode("Q4_K", q4, what == "decode", stream);
    }
    if (what == "batch") {
      ok = check_batch(blocks, stream) && ok;
      time_batches(blocks, stream);
    }
    std::fflush(stdout);
  }
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace assay::cuda::bench

int main(int argc, char** argv) {
  return assay::cuda::bench::run(argc, argv);
}
