// Paged keys and values in host memory, laid out for isa/attention.h: for every page, layer and
// head, K as [head_dim][64 positions] and V as [64 positions][head_dim].
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/common/aligned_array.h"
#include "backends/common/kernel_table.h"
#include "core/device.h"

namespace assay::host {

inline constexpr std::int64_t kMaxHeadDim = 512;

class HostKvCache final : public KvCache {
 public:
  /// Error{environment} when it does not fit; head_dim is at most kMaxHeadDim.
  explicit HostKvCache(const KvLayout& layout);

  const KvLayout& layout() const override { return layout_; }
  void copy_page(std::int32_t from, std::int32_t to) override;
  void save_page(std::int32_t page, std::span<std::byte> to) override;
  void load_page(std::int32_t page, std::span<const std::byte> from) override;

  std::int64_t element_bytes() const { return layout_.type == KvType::f16 ? 2 : 4; }
  /// Bytes of K (and of V) of one page, layer and head.
  std::int64_t head_bytes() const { return layout_.head_dim * kKvPageTokens * element_bytes(); }
  /// K of page 0; V follows at head_bytes(), page p at p * layout().page_bytes().
  const std::byte* head(std::int64_t layer, std::int64_t head) const {
    return pages_.data() + head_offset(layer, head);
  }

  /// Writes k and v [n_kv_heads * head_dim] of one position of a page.
  void store(const KernelTable& kernels, std::int64_t layer, std::int32_t page, std::int32_t slot,
             const float* k, const float* v);

 private:
  std::int64_t head_offset(std::int64_t layer, std::int64_t head) const {
    return (layer * layout_.n_kv_heads + head) * 2 * head_bytes();
  }

  KvLayout layout_;
  AlignedArray<std::byte> pages_;
};

}  // namespace assay::host
