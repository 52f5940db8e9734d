// A client that sends what it likes, byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::testing {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False: the other side has closed.
  bool send(std::string_view bytes);
  /// Reads until `end` occurs, the other side closes, or ten seconds have passed.
  std::string read_until(std::string_view end);
  /// Everything until the other side closes, for at most ten seconds.
  std::string read_all() { return read_until(""); }
  void close();

 private:
  int fd_ = -1;
};

}  // namespace assay::testing
