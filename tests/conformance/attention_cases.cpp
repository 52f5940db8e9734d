// kv_store and attention over a paged cache whose pages lie in no order and were full of noise.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/numerics/half.h"
#include "tests/conformance/case_data.h"
#include "tests/conformance/suite.h"

namespace assay::conformance {
namespace {

/// Positions [0, old) are stored first, in a call of their own; [old, old + rows) are the batch's.
struct Sequence {
  std::int32_t old = 0;
  std::int32_t rows = 1;
};

struct Shape {
  std::string op = "attention";
  std::int64_t head_dim = 64;
  std::int64_t n_kv_heads = 1;
  std::int64_t group = 1;
  KvType type = KvType::f16;
  Phase phase = Phase::decode;
  bool fork = false;  ///< attend to a copy of the pages
  std::vector<Sequence> sequences;

  std::string text() const {
    std::vector<std::string> lengths;
    for (const Sequence& s : sequences) lengths.push_back(fmt::format("{}+{}", s.old, s.rows));
    return fmt::format("{} head_dim={} kv_heads={} group={} kv={} phase={} fork={} sequences={}",
                       op, head_dim, n_kv_heads, group, type == KvType::f16 ? "f16" : "f32",
                       phase == Phase::prefill ? "prefill" : "decode", fork,
                       fmt::join(lengths, ","));
  }
};

constexpr std::int64_t kLayers = 2;
constexpr std::int64_t kLayer = 1;

/// A batch and what its views point to.
struct OwnedBatch {
  std::vector<BatchSpan> spans;
  std::vector<std::int32_t> positions;
  Batch batch(Phase phase) const {
    return {phase, static_cast<std::int32_t>(positions.size()), spans, positions};
  }
  void append(std::int32_t first_position, std::int32_t n_rows,
              std::span<const std::int32_t> pages) {
    if (n_rows == 0) return;
    spans.push_back({static_cast<std::int32_t>(positions.size()), n_rows, first_position, pages});
    for (std::int32_t i = 0; i < n_rows; ++i) positions.push_back(first_position + i);
  }
};

using PageLists = std::vector<std::vector<std::int32_t>>;

/// What a sequence's queries saw, position by position; keys and values as they were stored.
struct Seen {
  std::vector<float> q, k, v;
};

/// Pages for every sequence, in a shuffled order.
PageLists deal_pages(const Shape& shape, std::int32_t n_pages, Random& random) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(n_pages));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1],
              order[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
  }
  PageLists lists;
  std::size_t next = 0;
  for (const Sequence& s : shape.sequences) {
    auto& list = lists.emplace_back();
    for (std::int32_t p = 0; p < s.old + s.rows; p += kKvPageTokens) list.push_back(order[next++]);
  }
  return lists;
}

std::int32_t pages_needed(const Shape& shape) {
  std::int32_t n = 0;
  for (const Sequence& s : shape.sequences)
    n += (s.old + s.rows + kKvPageTokens - 1) / kKvPageTokens;
  return n;
}

class Run {
 public:
  Run(const Shape& shape, Device& device)
      : shape_(shape),
        device_(device),
        random_(shape.text()),
        n_pages_(pages_needed(shape)),
        cache_(device.create_kv(
            {kLayers, shape.n_kv_heads, shape.head_dim, 2 * n_pages_, shape.type})),
        pages_(deal_pages(shape, n_pages_, random_)) {}

  std::vector<float> outputs() {
    poison();
    OwnedBatch old;
    OwnedBatch now;
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      const Sequence& s = shape_.sequences[i];
      old.append(0, s.old, pages_[i]);
      now.append(s.old, s.rows, pages_[i]);
    }
    seen_.assign(pages_.size(), {});
    store(old, 0);
    store(now, 0);
    if (shape_.fork) fork(now);
    const Batch batch = now.batch(shape_.phase);
    const std::int64_t cols = shape_.n_kv_heads * shape_.group * shape_.head_dim;
    const std::vector<float> queries = random_.wide_values(batch.n_rows * cols);
    keep(now, queries, cols, &Seen::q);
    const GuardedTensor q(device_, batch.n_rows, cols, 1, queries);
    const GuardedTensor out(device_, batch.n_rows, cols, 3);
    device_.attention(*cache_, kLayer, batch, q.tensor(), shape_.n_kv_heads * shape_.group,
                      out.tensor());
    return out.read(device_);
  }
  const std::vector<Seen>& seen() const { return seen_; }

 private:
  void keep(const OwnedBatch& owned, const std::vector<float>& rows, std::int64_t cols,
            std::vector<float> Seen::*of) {
    for (const BatchSpan& span : owned.spans) {
      const auto same = [&](const auto& pages) { return pages.data() == span.pages.data(); };
      const auto at = std::ranges::find_if(pages_, same) - pages_.begin();
      if (at == std::ssize(pages_)) continue;
      auto& to = seen_[static_cast<std::size_t>(at)].*of;
      to.insert(to.end(), rows.begin() + span.first_row * cols,
                rows.begin() + (span.first_row + span.n_rows) * cols);
    }
  }

  /// Every position of every page: noise of the cache's largest size, and NaN in the upper half.
  void poison() {
    std::vector<std::int32_t> all(static_cast<std::size_t>(2 * n_pages_));
    std::iota(all.begin(), all.end(), 0);
    OwnedBatch batch;
    batch.append(0, 2 * n_pages_ * kKvPageTokens, all);
    store(batch, 60000.0F);
  }

  void store(const OwnedBatch& owned, float noise) {
    if (owned.positions.empty()) return;
    const Batch batch = owned.batch(shape_.phase);
    const std::int64_t cols = shape_.n_kv_heads * shape_.head_dim;
    auto k = random_.wide_values(batch.n_rows * cols);
    auto v = random_.wide_values(batch.n_rows * cols);
    if (noise != 0) {
      for (auto* values : {&k, &v}) {
        for (float& value : *values) {
          value = random_.below(2) == 0 ? noise * random_.symmetric()
                                        : std::numeric_limits<float>::quiet_NaN();
        }
      }
    }
    if (noise == 0) {
      keep(owned, k, cols, &Seen::k);
      keep(owned, v, cols, &Seen::v);
    }
    const GuardedTensor kt(device_, batch.n_rows, cols, 1, k);
    const GuardedTensor vt(device_, batch.n_rows, cols, 2, v);
    device_.kv_store(*cache_, kLayer, batch, kt.tensor(), vt.tensor());
  }

  /// Moves every sequence to a copy of its pages, and poisons the originals.
  void fork(OwnedBatch& now) {
    PageLists copies = pages_;
    std::vector<std::int32_t> originals;
    for (auto& list : copies) {
      for (std::int32_t& page : list) {
        originals.push_back(page);
        cache_->copy_page(page, page + n_pages_);
        page += n_pages_;
      }
    }
    OwnedBatch all;
    all.append(0, static_cast<std::int32_t>(originals.size()) * kKvPageTokens, originals);
    store(all, 60000.0F);
    pages_ = std::move(copies);
    for (std::size_t i = 0; i < pages_.size(); ++i) now.spans[i].pages = pages_[i];
  }

  const Shape& shape_;
  Device& device_;
  Random random_;
  std::int32_t n_pages_;
  std::unique_ptr<KvCache> cache_;
  PageLists pages_;
  std::vector<Seen> seen_;
};

/// What tensor cores may be off by where queries and probabilities are rounded to fp16: scores by
/// 2^-11 of the products' magnitudes, so weights by twice the largest such error; a weight by 2^-11
/// of itself or, where it is no normal number in fp16, by 2^-25. Half as much again for the sums.
void append_bound(const Shape& shape, const Seen& seen, const Sequence& sequence,
                  std::vector<double>* bound) {
  const std::int64_t dim = shape.head_dim;
  const std::int64_t heads = shape.n_kv_heads * shape.group;
  const double scale = 1 / std::sqrt(static_cast<double>(dim));
  const auto stored = [](float x) {
    return static_cast<double>(numerics::half_to_float(numerics::float_to_half(x)));
  };
  for (std::int64_t row = 0; row < sequence.rows; ++row) {
    for (std::int64_t head = 0; head < heads; ++head) {
      const std::int64_t n = sequence.old + row + 1;
      std::vector<double> weights;
      std::vector<double> sums(static_cast<std::size_t>(dim));
      std::vector<double> plain(static_cast<std::size_t>(dim));
      double error = 0;
      const auto at = [&](std::int64_t position, std::int64_t d) {
        return static_cast<std::size_t>((position * shape.n_kv_heads + head / shape.group) * dim +
                                        d);
      };
      for (std::int64_t j = 0; j < n; ++j) {
        double score = 0;
        double magnitude = 0;
        for (std::int64_t d = 0; d < dim; ++d) {
          const auto q =
              static_cast<double>(seen.q[static_cast<std::size_t>((row * heads + head) * dim + d)]);
          const double product = q * stored(seen.k[at(j, d)]);
          score += product;
          magnitude += std::abs(product);
        }
        error = std::max(error, magnitude * scale * 0x1p-11);
        weights.push_back(score * scale);
      }
      const double top = *std::ranges::max_element(weights);
      double total = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        const double weight = std::exp(weights[static_cast<std::size_t>(j)] - top);
        total += weight;
        for (std::int64_t d = 0; d < dim; ++d) {
          const double v = std::abs(stored(seen.v[at(j, d)]));
          sums[static_cast<std::size_t>(d)] += weight * v;
          plain[static_cast<std::size_t>(d)] += v;
        }
      }
      for (std::size_t d = 0; d < sums.size(); ++d) {
        bound->push_back(1.5 * (sums[d] / total * (std::expm1(2 * error) + 0x1p-10) +
                                plain[d] * 0x1p-25 / total));
      }
    }
  }
}

Case make_case(const Shape& shape) {
  Case one{shape.op,
           shape.text(),
           [shape](Device& device) { return Run(shape, device).outputs(); },
           {},
           {}};
  // The shapes that a backend may serve by tensor cores under `fast`.
  if (shape.phase == Phase::prefill && shape.type == KvType::f16 &&
      (shape.head_dim == 64 || shape.head_dim == 128)) {
    one.rounded_bound = [shape] {
      const auto reference = create_reference(Numerics::exact);
      Run run(shape, *reference);
      run.outputs();
      std::vector<double> bound;
      for (std::size_t i = 0; i < shape.sequences.size(); ++i) {
        append_bound(shape, run.seen()[i], shape.sequences[i], &bound);
      }
      return bound;
    };
  }
  return one;
}

}  // namespace

std::vector<Case> attention_cases() {
  std::vector<Case> cases;
  const std::vector<Sequence> unequal = {{0, 1}, {16, 1}, {63, 1}, {64, 1}, {200, 1}};
  for (const KvType type : {KvType::f16, KvType::f32}) {
    // With one position, attention returns v as it was stored.
    cases.push_back(make_case(
        {.op = "kv_store", .n_kv_heads = 3, .type = type, .sequences = {{0, 1}, {0, 1}}}));
    for (const std::int64_t head_dim : {2, 8, 16, 24, 64, 80, 128}) {
      cases.push_back(make_case(
          {.head_dim = head_dim, .n_kv_heads = 2, .group = 3, .type = type, .sequences = unequal}));
      cases.push_back(make_case({.head_dim = head_dim,
                                 .n_kv_heads = 1,
                                 .group = 2,
                                 .type = type,
                                 .phase = Phase::prefill,
                                 .sequences = {{0, 70}}}));
      cases.push_back(make_case({.head_dim = head_dim,
                                 .n_kv_heads = 2,
                                 .group = 6,
                                 .type = type,
                                 .phase = Phase::prefill,
                                 .sequences = {{37, 150}}}));
    }
    for (const std::int32_t length :
         {1, 15, 16, 17, 31, 33, 48, 49, 63, 64, 65, 127, 128, 129, 300}) {
      cases.push_back(
          make_case({.n_kv_heads = 2, .group = 1, .type = type, .sequences = {{length - 1, 1}}}));
    }
    for (const std::int32_t old : {1, 40, 63, 64, 65}) {
      for (const std::int32_t rows : {1, 5, 32, 90}) {
        cases.push_back(make_case({.n_kv_heads = 1,
                                   .group = 7,
                                   .type = type,
                                   .phase = Phase::prefill,
                                   .sequences = {{old, rows}}}));
      }
    }
    cases.push_back(
        make_case({.n_kv_heads = 2, .group = 2, .type = type, .fork = true, .sequences = unequal}));
    cases.push_back(make_case({.n_kv_heads = 3,
                               .group = 3,
                               .type = type,
                               .sequences = std::vector<Sequence>(32, Sequence{20, 1})}));
  }
  return cases;
}

}  // namespace assay::conformance
