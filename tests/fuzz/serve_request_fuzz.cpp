// Bodies of requests to `assay serve`: foreign bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "serve/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay::serve;
  const ApiResult<Json> body = parse_request({reinterpret_cast<const char*>(data), size});
  if (!body) return 0;
  const ApiResult<ApiRequest> chat = read_chat_request(*body, {});
  if (!chat) (void)error_body(chat.error());
  const ApiResult<ApiRequest> completion = read_completion_request(*body, {});
  if (!completion) (void)error_body(completion.error());
  return 0;
}
