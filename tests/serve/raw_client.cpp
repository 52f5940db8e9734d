#include "tests/serve/raw_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

namespace assay::testing {

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  ASSAY_ASSERT(fd_ >= 0);
  if (receive_buffer > 0) {
    ASSAY_ASSERT(::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(int)) == 0);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSAY_ASSERT(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawClient::~RawClient() {
  close();
}

void RawClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string RawClient::read_some(std::size_t most) {
  constexpr int kLongestWait_ms = 10'000;
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, kLongestWait_ms) <= 0) return {};
  std::string bytes(most, '\0');
  const ssize_t n = ::recv(fd_, bytes.data(), bytes.size(), 0);
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

std::string RawClient::read_until(std::string_view end) {
  std::string out;
  while (end.empty() || out.find(end) == std::string::npos) {
    const std::string more = read_some(4096);
    if (more.empty()) break;
    out += more;
  }
  return out;
}

}  // namespace assay::testing
