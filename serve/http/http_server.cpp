#include "serve/http/http_server.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "serve/http/connection.h"

namespace assay::serve {

namespace net = boost::asio;
using net::ip::tcp;

std::string_view http_reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

namespace {

constexpr int kSendBuffer = 256 << 10;
constexpr auto kTick = std::chrono::milliseconds(100);

/// A connection is a descriptor, and 1,024 of them are soon gone.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, 65536);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

class AsioServer final : public HttpServer {
 public:
  AsioServer(const HttpLimits& limits, HttpHandlers handlers)
      : state_(std::make_shared<ServerState>()), acceptor_(context_), timer_(context_) {
    state_->limits = limits;
    state_->handlers = std::move(handlers);
  }
  ~AsioServer() override { close_all(); }

  Result<void> open(const std::string& host, std::uint16_t port) {
    raise_descriptor_limit();
    boost::system::error_code error;
    const net::ip::address address = net::ip::make_address(host, error);
    if (error) {
      return failure(ErrorKind::usage, fmt::format("--host '{}' is no IP address", host),
                     "give 127.0.0.1, ::1, 0.0.0.0 or an address of this machine");
    }
    const tcp::endpoint endpoint(address, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
    if (error) {
      return env_failure(
          fmt::format("cannot listen on {} port {}: {}", host, port, error.message()),
          "choose another --port or --host");
    }
    port_ = acceptor_.local_endpoint().port();
    return {};
  }

  std::uint16_t port() const override { return port_; }

  void run(const std::function<void()>& tick) override {
    tick_ = tick;
    wait_for_tick();
    accept();
    context_.run();
    close_all();
  }

  void drain() override {
    if (state_->draining) return;
    state_->draining = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (const std::shared_ptr<Connection>& c : alive()) c->close_if_idle();
  }

  std::size_t open_exchanges() const override { return state_->exchanges; }

  void stop() override { context_.stop(); }

 private:
  std::vector<std::shared_ptr<Connection>> alive() {
    std::vector<std::shared_ptr<Connection>> out;
    std::erase_if(connections_, [&](const std::weak_ptr<Connection>& weak) {
      if (auto connection = weak.lock()) out.push_back(std::move(connection));
      return weak.expired();
    });
    return out;
  }

  void close_all() {
    for (const std::shared_ptr<Connection>& c : alive()) c->close();
  }

  void wait_for_tick() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      if (tick_) tick_();
      wait_for_tick();
    });
  }

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) return accept_later();  // no descriptor left: some will be given back
      take(std::move(socket));
      accept();
    });
  }

  void accept_later() {
    auto pause = std::make_shared<net::steady_timer>(context_, kTick);
    pause->async_wait([this, pause](boost::system::error_code) { accept(); });
  }

  void take(tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    // What the kernel holds for a client that reads slowly, so that its progress is soon seen.
    socket.set_option(net::socket_base::send_buffer_size(kSendBuffer), ignored);
    const bool full = state_->connections >= state_->limits.connections;
    if (full && state_->turned_away >= state_->limits.turned_away) return;
    const auto connection = std::make_shared<Connection>(std::move(socket), state_);
    if (connections_.size() >= 2 * state_->connections + 64) (void)alive();
    connections_.push_back(connection);
    full ? connection->turn_away() : connection->start();
  }

  std::shared_ptr<ServerState> state_;
  net::io_context context_{1};
  tcp::acceptor acceptor_;
  net::steady_timer timer_;
  std::uint16_t port_ = 0;
  std::function<void()> tick_;
  std::vector<std::weak_ptr<Connection>> connections_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const std::string& host, std::uint16_t port,
                                                       const HttpLimits& limits,
                                                       HttpHandlers handlers) {
  auto server = std::make_unique<AsioServer>(limits, std::move(handlers));
  if (Result<void> opened = server->open(host, port); !opened) {
    return tl::unexpected(opened.error());
  }
  return server;
}

}  // namespace assay::serve
