// The paged KV cache in device memory, page after page (kernels/launch.h says what a page holds).
#pragma once

#include "backends/cuda/kernels/launch.h"
#include "backends/cuda/runtime.h"
#include "core/device.h"

namespace assay::cuda {

class CudaKvCache final : public KvCache {
 public:
  CudaKvCache(const KvLayout& layout, const Stream& stream, MemoryMeter& meter)
      : layout_(layout),
        stream_(stream),
        memory_(layout.page_bytes() * layout.n_pages, "KV cache", meter) {
    ASSAY_ASSERT(layout.n_layers > 0 && layout.n_kv_heads > 0 && layout.n_pages >= 0);
    if (layout.head_dim > kMaxHeadDim) {
      throw Error(ErrorKind::environment, "cuda: heads of more than 256 elements are not supported",
                  "use --backend cpu");
    }
  }
  const KvLayout& layout() const override { return layout_; }
  void copy_page(std::int32_t from, std::int32_t to) override {
    ASSAY_ASSERT(from >= 0 && from < layout_.n_pages && to >= 0 && to < layout_.n_pages);
    check(cudaMemcpyAsync(memory_.data() + to * layout_.page_bytes(),
                          memory_.data() + from * layout_.page_bytes(),
                          static_cast<std::size_t>(layout_.page_bytes()), cudaMemcpyDeviceToDevice,
                          stream_.get()),
          "copying a page of the KV cache");
  }
  void save_page(std::int32_t page, std::span<std::byte> to) override {
    ASSAY_ASSERT(page >= 0 && page < layout_.n_pages && std::ssize(to) == layout_.page_bytes());
    check(cudaMemcpyAsync(to.data(), memory_.data() + page * layout_.page_bytes(), to.size(),
                          cudaMemcpyDeviceToHost, stream_.get()),
          "saving a page of the KV cache");
    stream_.wait();
  }
  void load_page(std::int32_t page, std::span<const std::byte> from) override {
    ASSAY_ASSERT(page >= 0 && page < layout_.n_pages && std::ssize(from) == layout_.page_bytes());
    check(cudaMemcpyAsync(memory_.data() + page * layout_.page_bytes(), from.data(), from.size(),
                          cudaMemcpyHostToDevice, stream_.get()),
          "restoring a page of the KV cache");
    stream_.wait();
  }
  KvView layer(std::int64_t index) const {
    ASSAY_ASSERT(index >= 0 && index < layout_.n_layers);
    return {memory_.data(),
            layout_.page_bytes(),
            index * (layout_.page_bytes() / layout_.n_layers),
            static_cast<std::int32_t>(layout_.n_kv_heads),
            static_cast<std::int32_t>(layout_.head_dim),
            layout_.type};
  }

 private:
  KvLayout layout_;
  const Stream& stream_;
  DeviceMemory memory_;
};

}  // namespace assay::cuda
