// Replies of servers: foreign bytes, in pieces of any size. Every split must give the same reply.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "backends/http/reply.h"
#include "backends/http/stop_cut.h"
#include "core/error.h"

namespace {

assay::http::ReplyReader read(std::string_view bytes, std::size_t step, bool declared) {
  assay::http::ReplyReader reader(8);
  reader.begin(declared ? "text/event-stream" : "application/json", "");
  for (std::size_t i = 0; i < bytes.size(); i += step) reader.push(bytes.substr(i, step));
  reader.finish();
  return reader;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const bool declared = data[0] % 2 == 0;
  assay::http::ReplyReader whole = read(bytes, bytes.size() + 1, declared);
  assay::http::ReplyReader split = read(bytes, 1 + data[1] % 16, declared);
  ASSAY_ASSERT(whole.failure().has_value() == split.failure().has_value());
  if (!whole.failure()) {
    ASSAY_ASSERT(whole.reply().content == split.reply().content);
    ASSAY_ASSERT(whole.reply().reasoning == split.reply().reasoning);
    ASSAY_ASSERT(whole.reply().finish_reason == split.reply().finish_reason);
  }
  assay::http::StopCut cut({"STOP", "\n\n"}, true, data[0] % 3 == 0);
  assay::http::StopCut cut_again({"STOP", "\n\n"}, true, data[0] % 3 == 0);
  const bool first = cut.cut(whole.reply());
  if (first) ASSAY_ASSERT(cut_again.cut(split.reply()));
  return 0;
}
