#include "backends/cuda/bench/batches.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>
#include <vector>

#include "backends/cuda/bench/synthetic.h"
#include "backends/cuda/fast/batch_engine.h"
#include "backends/cuda/fast/engine.h"

namespace assay::cuda::bench {
namespace {

/// Whether this GPU multiplies tile by tile (fast/tile_gemm.h).
bool has_tiles() {
  int major = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), "no device");
  return major == 9;
}

template <class T>
void copy_in(T* to, const std::vector<T>& from) {
  check(cudaMemcpy(to, from.data(), from.size() * sizeof(T), cudaMemcpyHostToDevice), "copy");
}
std::vector<float> copy_out(const float* from, std::int64_t n) {
  std::vector<float> out(static_cast<std::size_t>(n));
  check(cudaMemcpy(out.data(), from, out.size() * 4, cudaMemcpyDeviceToHost), "copy");
  return out;
}
double distance(const float* got, const std::vector<float>& want) {
  double error = 0;
  double norm = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double d = static_cast<double>(got[i]) - static_cast<double>(want[i]);
    error += d * d;
    norm += static_cast<double>(want[i]) * static_cast<double>(want[i]);
  }
  return std::sqrt(error / norm);
}

/// Seconds of one of n calls.
double seconds_of(int n, cudaStream_t stream, const std::function<void()>& call) {
  for (int i = 0; i < 3; ++i) call();
  check(cudaStreamSynchronize(stream), "warm up");
  cudaEvent_t start = nullptr;
  cudaEvent_t stop = nullptr;
  cudaEventCreate(&start);
  cudaEventCreate(&stop);
  cudaEventRecord(start, stream);
  for (int i = 0; i < n; ++i) call();
  cudaEventRecord(stop, stream);
  check(cudaEventSynchronize(stop), "timed calls");
  float ms = 0;
  cudaEventElapsedTime(&ms, start, stop);
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
  return ms * 1e-3 / n;
}

/// Rows of a batch: where each stands.
struct Rows {
  std::vector<std::int32_t> ids, positions;
};
Rows make_rows(int n, int low, int high) {
  Rows rows;
  for (int i = 0; i < n; ++i) {
    rows.ids.push_back(1000 + 37 * i);
    rows.positions.push_back(low + (high - low) * i / std::max(1, n - 1));
  }
  return rows;
}

/// Rows [first, first + n), each with pages of its own, or all with the first `shared` in common.
fast::StepShape set_rows(const fast::BatchEngine& engine, const Rows& rows, int first, int n,
                         int pages_of_row, int shared = 0) {
  const auto last = *std::max_element(rows.positions.begin(), rows.positions.end());
  const fast::StepShape shape = engine.shape_for(n, last / 64 + 1);
  const auto padded = static_cast<std::size_t>(shape.rows);
  std::vector<std::int32_t> ids(padded, 0);
  std::vector<std::int32_t> positions(padded, -1);
  std::vector<std::int32_t> pages(padded * static_cast<std::size_t>(shape.pages), 0);
  for (int i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::size_t from = static_cast<std::size_t>(first) + at;
    ids[at] = rows.ids[from];
    positions[at] = rows.positions[from];
    for (int p = 0; p < std::min(shape.pages, pages_of_row); ++p) {
      pages[at * static_cast<std::size_t>(shape.pages) + static_cast<std::size_t>(p)] =
          p < shared ? p : (first + i) * pages_of_row + p;
    }
  }
  copy_in(engine.inputs().ids, ids);
  copy_in(engine.inputs().positions, positions);
  copy_in(engine.inputs().pages, pages);
  return shape;
}

void print_batch(const char* name, const Rows& rows, double seconds, double flat, double weights) {
  double kv = 0;
  for (const std::int32_t p : rows.positions) kv += (p + 1) * 28672.0;
  const auto n = static_cast<double>(rows.ids.size());
  std::printf(
      "BF16 decode fast batch %.0f %s: %.1f us, %.0f tok/s, KV %.0f %% of the bytes, "
      "%.1f %% of flat\n",
      n, name, seconds * 1e6, n / seconds, 100 * kv / (kv + weights),
      100 * flat / seconds * (weights + kv) / weights);
}

}  // namespace

bool check_batch(int multiprocessors, cudaStream_t stream) {
  Synthetic memory;
  constexpr int kRows = 256;
  constexpr int kPages = 24;
  ModelConfig config = qwen2_1_5b();
  config.n_layers = 2;
  const fast::EngineModel model = synthetic_model(config, {}, kRows, kPages, memory);
  MemoryMeter meter;
  fast::BatchEngine batch(model, {kRows, 0, kPages}, multiprocessors, has_tiles(), stream, meter);
  fast::DecodeEngine exact(model, kPages, stream, meter, false);
  const Rows rows = make_rows(kRows, 0, 1400);
  const auto run = [&](int first, int n) {
    batch.step(set_rows(batch, rows, first, n, kPages));
    check(cudaStreamSynchronize(stream), "batch");
    return copy_out(batch.logits(), n * config.vocab);
  };
  const auto all = run(0, kRows);
  const auto n = static_cast<std::size_t>(config.vocab);
  const auto same = [&](const std::vector<float>& part, int row, int in_part) {
    return std::memcmp(&part[n * static_cast<std::size_t>(in_part)],
                       &all[n * static_cast<std::size_t>(row)], n * 4) == 0;
  };
  bool ok = true;
  for (const int size : {8, 13, 17, 40, 64, 100, 200}) {
    const auto part = run(kRows - size, size);
    for (int i = 0; i < size; ++i) {
      if (same(part, kRows - size + i, i)) continue;
      std::printf("  row %d of a batch of %d: WRONG\n", i, size);
      ok = false;
      break;
    }
  }
  double worst = 0;
  for (const int row : {0, 1, 33, 64, 129, 255}) {
    ok = same(run(row, 1), row, 0) && ok;
    const auto at = static_cast<std::size_t>(row);
    std::vector<std::int32_t> pages(kPages);
    std::iota(pages.begin(), pages.end(), row * kPages);
    copy_in(exact.inputs().ids, {rows.ids[at]});
    copy_in(exact.inputs().positions, {rows.positions[at]});
    copy_in(exact.inputs().pages, pages);
    exact.step(rows.positions[at], false);
    check(cudaStreamSynchronize(stream), "exact");
    worst = std::max(worst, distance(&all[n * at], copy_out(exact.logits(), config.vocab)));
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
  constexpr int kLong = 128;
  const fast::EngineModel model =
      synthetic_model(config, {}, kRows * kPages / kLong, kLong, memory);
  const double flat = flat_read_seconds(memory, stream);
  const auto weights = static_cast<double>(memory.weight_bytes());
  MemoryMeter meter;
  fast::BatchEngine engine(model, {kRows, 0, kLong}, multiprocessors, has_tiles(), stream, meter);
  for (const int n : {1, 8, 64, 256}) {
    const Rows rows = make_rows(n, 256, 511);
    const fast::StepShape shape = set_rows(engine, rows, 0, n, kPages);
    const double s = seconds_of(20, stream, [&] { engine.step(shape); });
    print_batch("context 256-511", rows, s, flat, weights);
  }
  // The same memory seen as fewer, longer sequences; and as samples of one prompt.
  for (const int n : {1, 8, 16}) {
    const Rows rows = make_rows(n, kLong * 64 - 100, kLong * 64 - 1);
    const fast::StepShape shape = set_rows(engine, rows, 0, n, kLong);
    const double s = seconds_of(20, stream, [&] { engine.step(shape); });
    print_batch("context 8k", rows, s, flat, weights);
  }
  for (const int n : {64, 256}) {
    const Rows rows = make_rows(n, 448, 511);
    const fast::StepShape shape = set_rows(engine, rows, 0, n, kPages, kPages - 1);
    const double s = seconds_of(20, stream, [&] { engine.step(shape); });
    print_batch("samples of one prompt of 448", rows, s, flat, weights);
  }
}

namespace {

/// Queues positions [first, first + n) of the prompt whose pages are set.
void queue_prompt(fast::BatchEngine& engine, const ModelConfig& c, int first, int n,
                  float* residual) {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> positions;
  std::vector<AttentionTile> tiles;
  for (int i = 0; i < n; ++i) {
    ids.push_back((1000 + 37 * (first + i)) % static_cast<int>(c.vocab));
    positions.push_back(first + i);
  }
  const auto rows = static_cast<int>(fast::flash_rows_of_tile(c.n_heads / c.n_kv_heads));
  for (int i = 0; i < n; i += rows) tiles.push_back({i, std::min(rows, n - i), first + i, 0});
  copy_in(engine.inputs().ids, ids);
  copy_in(engine.inputs().positions, positions);
  copy_in(engine.inputs().tiles, tiles);
  engine.prefill(n, static_cast<std::int32_t>(tiles.size()), residual);
}

std::vector<std::int32_t> pages_from(int first, int n) {
  std::vector<std::int32_t> pages(static_cast<std::size_t>(n));
  for (int p = 0; p < n; ++p) pages[static_cast<std::size_t>(p)] = first + (p * 7 + 3) % n;
  return pages;
}

}  // namespace

bool check_prompt(int multiprocessors, cudaStream_t stream) {
  Synthetic memory;
  constexpr int kPages = 16;
  constexpr int kTokens = 900;
  ModelConfig config = qwen2_1_5b();
  config.n_layers = 3;
  const fast::EngineModel model = synthetic_model(config, {}, 3, kPages, memory);
  MemoryMeter meter;
  fast::BatchEngine engine(model, {1, 1024, kPages}, multiprocessors, has_tiles(), stream, meter);
  fast::DecodeEngine exact(model, kPages, stream, meter, false);
  float* residual = memory.vector(kTokens * config.hidden, 0, 0);
  const auto run = [&](const std::vector<int>& chunks, int first_page) {
    std::vector<float> out;
    int at = 0;
    copy_in(engine.inputs().pages, pages_from(first_page, kPages));
    for (const int n : chunks) {
      queue_prompt(engine, config, at, n, residual + at * config.hidden);
      check(cudaStreamSynchronize(stream), "prompt");
      at += n;
    }
    return copy_out(residual, kTokens * config.hidden);
  };
  const auto whole = run({kTokens}, 0);
  const auto pieces = run({512, 200, 64, 1, 7, 116}, kPages);
  const bool same = std::memcmp(whole.data(), pieces.data(), whole.size() * 4) == 0;
  // exact/1 token by token, then the next token of both: its logits see all keys and values.
  copy_in(exact.inputs().pages, pages_from(2 * kPages, kPages));
  for (int i = 0; i <= kTokens; ++i) {
    copy_in(exact.inputs().ids, {1000 + 37 * i});
    copy_in(exact.inputs().positions, {i});
    exact.step(i, false);
    check(cudaStreamSynchronize(stream), "exact");
  }
  const Rows next{{1000 + 37 * kTokens}, {kTokens}};
  const fast::StepShape shape = set_rows(engine, next, 0, 1, kPages);
  auto pages = pages_from(0, kPages);
  pages.resize(static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.pages), 0);
  copy_in(engine.inputs().pages, pages);
  engine.step(shape);
  check(cudaStreamSynchronize(stream), "decode");
  const double error = distance(copy_out(engine.logits(), config.vocab).data(),
                                copy_out(exact.logits(), config.vocab));
  const bool near = error < 0.03;
  std::printf("check prompt on tensor cores: in chunks %s, relative error to exact/1 %.2e %s\n",
              same ? "same bits" : "WRONG", error, near ? "ok" : "WRONG");
  return same && near;
}

void time_prompts(int multiprocessors, cudaStream_t stream) {
  Synthetic memory;
  constexpr int kMost = 2048;
  const ModelConfig config = qwen2_1_5b();
  const fast::EngineModel model = synthetic_model(config, {}, 1, 4 * kMost / 64, memory);
  MemoryMeter meter;
  fast::BatchEngine engine(model, {0, kMost, 4 * kMost / 64}, multiprocessors, has_tiles(), stream,
                           meter);
  float* residual = memory.vector(kMost * config.hidden, 0, 0);
  const double flops = 2.0 * 1.31e9;  // a token, without the head
  for (const int first : {0, 3 * kMost}) {
    for (const int n : {128, 512, kMost}) {
      copy_in(engine.inputs().pages, pages_from(0, 4 * kMost / 64));
      queue_prompt(engine, config, first, n, residual);
      const auto rows =
          static_cast<std::int32_t>(fast::flash_rows_of_tile(config.n_heads / config.n_kv_heads));
      const double s =
          seconds_of(10, stream, [&] { engine.prefill(n, (n + rows - 1) / rows, residual); });
      std::printf("BF16 prefill fast %d tokens behind %d: %.1f us, %.0f tok/s, %.0f TFLOP/s\n", n,
                  first, s * 1e6, n / s, n * flops / s * 1e-12);
    }
  }
}

}  // namespace assay::cuda::bench
