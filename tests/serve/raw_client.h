// A client that sends what it likes, byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::testing {

class RawClient {
 public:
  /// receive_buffer: bytes that the kernel takes for it; 0: as many as it likes.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False: the other side has closed.
  bool send(std::string_view bytes);
  /// Reads until `end` occurs, the other side closes, or ten seconds have passed.
  std::string read_until(std::string_view end);
  /// What is there, at most `most` bytes; waits for it for at most ten seconds. Empty: closed.
  std::string read_some(std::size_t most);
  /// Everything until the other side closes, for at most ten seconds.
  std::string read_all() { return read_until(""); }
  void close();

 private:
  int fd_ = -1;
};

}  // namespace assay::testing
