// Each kernel against the host reference, bit for bit, before anything is timed.
#include "backends/cuda/bench/checks.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "backends/cuda/bench/reference.h"
#include "backends/cuda/bench/synthetic.h"
#include "core/numerics/functions.h"
#include "core/numerics/hash.h"
#include "core/numerics/norm.h"

namespace assay::cuda::bench {
namespace {

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

const char* kind_name(fast::GemvKind kind) {
  switch (kind) {
    case fast::GemvKind::store:
      return "store";
    case fast::GemvKind::residual:
      return "residual";
    case fast::GemvKind::swiglu:
      return "swiglu";
    case fast::GemvKind::head:
      return "head";
  }
  return "";
}

struct GemvCase {
  TensorType type;
  fast::GemvKind kind;
  std::int64_t rows;
  std::int64_t cols;
  bool with_gain;
};

/// The value that row n of the output must have.
float expected(const GemvCase& c, const fast::GemvArgs& args, const std::vector<float>& x,
               std::int64_t n, float before) {
  if (c.kind == fast::GemvKind::swiglu) {
    return numerics::swiglu(reference_dot(args.part[0].w, n, x),
                            reference_dot(args.part[1].w, n, x));
  }
  std::int64_t row = n;
  int part = 0;
  while (row >= args.part[part].w.rows) row -= args.part[part++].w.rows;
  const float product = reference_dot(args.part[part].w, row, x);
  if (c.kind == fast::GemvKind::residual) return before + product;
  if (args.part[part].bias == nullptr) return product;
  return product + to_host(args.part[part].bias + row, 1)[0];
}

bool check_head(const fast::GemvArgs& args, const std::vector<float>& y) {
  fast::HeadResult got;
  check(cudaMemcpy(&got, args.result, sizeof(got), cudaMemcpyDeviceToHost), "copy");
  std::uint64_t hash[2] = {0, 0};
  std::size_t best = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto id = static_cast<std::uint32_t>(i);
    hash[0] += numerics::mix64(numerics::bits_of(y[i]), id, numerics::kLogitsHashSeedA);
    hash[1] += numerics::mix64(numerics::bits_of(y[i]), id, numerics::kLogitsHashSeedB);
    if (y[i] > y[best]) best = i;
  }
  return got.hash[0] == hash[0] && got.hash[1] == hash[1] &&
         0xffffffffU - static_cast<std::uint32_t>(got.best) == best;
}

bool check_gemv(const GemvCase& c, int blocks, cudaStream_t stream) {
  Synthetic memory;
  fast::GemvArgs args;
  args.k = static_cast<std::int32_t>(c.cols);
  std::int64_t n_out = c.rows;
  if (c.kind == fast::GemvKind::store) {
    args.n_parts = 3;
    const std::int64_t rows[3] = {c.rows / 2, c.rows / 4, c.rows / 4};
    for (int i = 0; i < 3; ++i) {
      args.part[i].w = memory.matrix(c.type, rows[i], c.cols);
      args.part[i].bias = memory.vector(rows[i], -1, 1);
    }
  } else {
    args.n_parts = c.kind == fast::GemvKind::swiglu ? 2 : 1;
    for (int i = 0; i < args.n_parts; ++i) args.part[i].w = memory.matrix(c.type, c.rows, c.cols);
  }
  float* x = memory.vector(c.cols, -2, 2);
  args.x = x;
  args.eps = 1e-6F;
  if (c.with_gain) args.gain = memory.vector(c.cols, 0.5F, 1.5F);
  args.y = memory.vector(n_out, -1, 1);
  args.result = static_cast<fast::HeadResult*>(memory.bytes(sizeof(fast::HeadResult)));
  check(cudaMemset(args.result, 0, sizeof(fast::HeadResult)), "memset");
  check(cudaDeviceSynchronize(), "inputs");
  const auto before = to_host(args.y, n_out);
  std::vector<float> vector = to_host(x, c.cols);
  if (c.with_gain) {
    const auto gain = to_host(args.gain, c.cols);
    numerics::rms_norm(vector.data(), gain.data(), args.eps, c.cols, vector.data());
  }
  fast::gemv(c.kind, args, blocks, stream);
  check(cudaGetLastError(), "gemv launch");
  check(cudaStreamSynchronize(stream), "gemv");
  const auto y = to_host(args.y, n_out);
  std::int64_t wrong = 0;
  std::int64_t first = -1;
  const std::int64_t step = n_out > 256 ? n_out / 128 | 1 : 1;
  float want = 0;
  for (std::int64_t n = 0; n < n_out; n += step) {
    const float e = expected(c, args, vector, n, before[static_cast<std::size_t>(n)]);
    if (same_bits(e, y[static_cast<std::size_t>(n)])) continue;
    if (wrong++ == 0) first = n, want = e;
  }
  const bool head_ok = c.kind != fast::GemvKind::head || check_head(args, y);
  std::printf("check gemv %s %s %lldx%lld%s: %s", std::string(tensor_type_name(c.type)).c_str(),
              kind_name(c.kind), static_cast<long long>(c.rows), static_cast<long long>(c.cols),
              c.with_gain ? " norm" : "", wrong == 0 && head_ok ? "same bits\n" : "WRONG");
  if (wrong != 0 || !head_ok) {
    std::printf(" in %lld rows, first %lld: %.9g, not %.9g; head %d\n",
                static_cast<long long>(wrong), static_cast<long long>(first),
                first < 0 ? 0.0 : static_cast<double>(y[static_cast<std::size_t>(first)]),
                static_cast<double>(want), head_ok ? 1 : 0);
  }
  return wrong == 0 && head_ok;
}

struct AttentionCase {
  int n_heads, n_kv_heads, head_dim;
  bool norms, interleaved;
};

bool check_attention(const AttentionCase& c, cudaStream_t stream) {
  Synthetic memory;
  const int position_list[] = {0, 1, 62, 63, 64, 127, 128, 300, 1000, 2500};
  constexpr int kRows = 10;
  constexpr int kMaxPages = 40;
  ModelConfig config = qwen2_1_5b();
  config.n_layers = 2;
  config.n_heads = c.n_heads;
  config.n_kv_heads = c.n_kv_heads;
  config.head_dim = c.head_dim;
  config.hidden = 256;
  config.ffn = 256;
  config.vocab = 256;
  const fast::EngineModel m = synthetic_model(config, {}, kRows, kMaxPages, memory);
  fast::AttentionArgs a;
  a.kv = m.kv;
  a.layer = 1;
  a.n_heads = c.n_heads;
  const std::int64_t width = std::int64_t{c.n_heads + 2 * c.n_kv_heads} * c.head_dim;
  a.qkv = memory.vector(width * kRows, -3, 3);
  if (c.norms) {
    a.q_norm = memory.vector(c.head_dim, 0.5F, 1.5F);
    a.k_norm = memory.vector(c.head_dim, 0.5F, 1.5F);
  }
  a.eps = 1e-6F;
  a.rope_cos = m.rope_cos;
  a.rope_sin = m.rope_sin;
  a.interleaved = c.interleaved;
  std::vector<std::int32_t> pages;
  pages.reserve(static_cast<std::size_t>(kRows) * kMaxPages);
  for (int i = 0; i < kRows * kMaxPages; ++i) pages.push_back((i * 7 + 3) % (kRows * kMaxPages));
  auto* positions = static_cast<std::int32_t*>(memory.bytes(sizeof(position_list)));
  auto* table = static_cast<std::int32_t*>(memory.bytes(std::int64_t{kRows} * kMaxPages * 4));
  check(cudaMemcpy(positions, position_list, sizeof(position_list), cudaMemcpyHostToDevice),
        "copy");
  check(cudaMemcpy(table, pages.data(), pages.size() * 4, cudaMemcpyHostToDevice), "copy");
  a.positions = positions;
  a.pages = table;
  a.max_pages = kMaxPages;
  const std::int64_t n_out = std::int64_t{c.n_heads} * c.head_dim;
  a.out = memory.vector(n_out * kRows, 0, 0);
  a.parts =
      memory.vector(fast::attention_parts_floats(kRows, c.n_heads, c.head_dim, kMaxPages), -9, 9);
  a.arrivals = static_cast<std::int32_t*>(memory.bytes(kRows * c.n_kv_heads * 4));
  check(cudaMemset(a.arrivals, 0, std::size_t{kRows} * static_cast<std::size_t>(c.n_kv_heads) * 4),
        "memset");
  check(cudaDeviceSynchronize(), "inputs");
  bool all = true;
  for (int pass = 0; pass < 2; ++pass) {
    fast::attention_decode(a, kRows, kMaxPages, stream);
    check(cudaGetLastError(), "attention launch");
    check(cudaStreamSynchronize(stream), "attention");
    const auto out = to_host(a.out, n_out * kRows);
    for (int row = 0; row < kRows; ++row) {
      const auto want = reference_attention(a, row);
      const bool same = std::memcmp(want.data(), out.data() + row * n_out, want.size() * 4) == 0;
      if (!same) {
        std::int64_t at = 0;
        while (same_bits(want[static_cast<std::size_t>(at)],
                         out[static_cast<std::size_t>(row * n_out + at)])) {
          ++at;
        }
        std::printf("  position %d: WRONG at %lld: %.9g, not %.9g\n", position_list[row],
                    static_cast<long long>(at),
                    static_cast<double>(out[static_cast<std::size_t>(row * n_out + at)]),
                    static_cast<double>(want[static_cast<std::size_t>(at)]));
      }
      all = all && same;
    }
  }
  std::printf("check attention %d/%d heads of %d%s%s: %s\n", c.n_heads, c.n_kv_heads, c.head_dim,
              c.norms ? " norms" : "", c.interleaved ? " interleaved" : "",
              all ? "same bits" : "WRONG");
  return all;
}

}  // namespace

bool run_checks(int blocks, cudaStream_t stream) {
  bool ok = true;
  using fast::GemvKind;
  for (const TensorType type :
       {TensorType::BF16, TensorType::Q8_0, TensorType::Q4_K, TensorType::Q6_K}) {
    const GemvCase cases[] = {
        {type, GemvKind::store, 2048, 1536, true},  {type, GemvKind::residual, 1536, 1536, false},
        {type, GemvKind::swiglu, 8960, 1536, true}, {type, GemvKind::residual, 1536, 8960, false},
        {type, GemvKind::head, 20000, 1536, true},  {type, GemvKind::residual, 64, 512, false},
        {type, GemvKind::store, 512, 768, true},    {type, GemvKind::residual, 304, 2304, false}};
    for (const GemvCase& c : cases) ok = check_gemv(c, blocks, stream) && ok;
  }
  for (const TensorType type : {TensorType::BF16, TensorType::Q8_0}) {
    ok = check_gemv({type, GemvKind::swiglu, 4864, 896, true}, blocks, stream) && ok;
    ok = check_gemv({type, GemvKind::residual, 896, 4864, false}, blocks, stream) && ok;
  }
  for (const AttentionCase& c :
       {AttentionCase{12, 2, 128, false, false}, AttentionCase{14, 2, 64, false, false},
        AttentionCase{16, 8, 128, true, false}, AttentionCase{9, 3, 64, false, true}}) {
    ok = check_attention(c, stream) && ok;
  }
  return ok;
}

}  // namespace assay::cuda::bench
