#include "backends/common/kv_cache.h"

#include <cstring>

#include "core/error.h"

namespace assay::host {
namespace {

/// Element d of a head goes to position `slot` of row d.
template <class T>
void scatter(const T* from, std::int64_t head_dim, std::int32_t slot, std::byte* keys) {
  auto* to = reinterpret_cast<T*>(keys) + slot;
  for (std::int64_t d = 0; d < head_dim; ++d) to[d * kKvPageTokens] = from[d];
}

}  // namespace

HostKvCache::HostKvCache(const KvLayout& layout)
    : layout_(layout), pages_(layout.n_pages * layout.page_bytes(), "KV cache") {
  ASSAY_ASSERT(layout.head_dim >= 1 && layout.head_dim <= kMaxHeadDim);
}

void HostKvCache::copy_page(std::int32_t from, std::int32_t to) {
  ASSAY_ASSERT(from >= 0 && from < layout_.n_pages && to >= 0 && to < layout_.n_pages);
  if (from == to) return;
  const std::int64_t bytes = layout_.page_bytes();
  std::memcpy(pages_.data() + to * bytes, pages_.data() + from * bytes,
              static_cast<std::size_t>(bytes));
}

void HostKvCache::save_page(std::int32_t page, std::span<std::byte> to) {
  ASSAY_ASSERT(page >= 0 && page < layout_.n_pages && std::ssize(to) == layout_.page_bytes());
  std::memcpy(to.data(), pages_.data() + page * layout_.page_bytes(), to.size());
}

void HostKvCache::load_page(std::int32_t page, std::span<const std::byte> from) {
  ASSAY_ASSERT(page >= 0 && page < layout_.n_pages && std::ssize(from) == layout_.page_bytes());
  std::memcpy(pages_.data() + page * layout_.page_bytes(), from.data(), from.size());
}

void HostKvCache::store(const KernelTable& kernels, std::int64_t layer, std::int32_t page,
                        std::int32_t slot, const float* k, const float* v) {
  const std::int64_t dim = layout_.head_dim;
  for (std::int64_t h = 0; h < layout_.n_kv_heads; ++h, k += dim, v += dim) {
    std::byte* keys = pages_.data() + head_offset(layer, h) + page * layout_.page_bytes();
    std::byte* values = keys + head_bytes() + slot * dim * element_bytes();
    if (layout_.type == KvType::f32) {
      scatter(k, dim, slot, keys);
      std::memcpy(values, v, static_cast<std::size_t>(dim) * sizeof(float));
    } else {
      std::uint16_t halves[kMaxHeadDim];
      kernels.to_half(k, halves, dim);
      scatter(halves, dim, slot, keys);
      kernels.to_half(v, values, dim);
    }
  }
}

}  // namespace assay::host
