// assay_cuda_bench: checks the fast kernels of backends/cuda against the host reference, then times
// decode on a synthetic Qwen2.5-1.5B, beside the bandwidth of reading its weights flat.
//   assay_cuda_bench check|engines|decode|many|batch|prompt ...
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "backends/cuda/bench/batches.h"
#include "backends/cuda/bench/checks.h"
#include "backends/cuda/bench/synthetic.h"
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
    if (what == "prompt") {
      ok = check_prompt(blocks, stream) && ok;
      time_prompts(blocks, stream);
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
