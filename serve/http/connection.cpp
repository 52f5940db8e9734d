#include "serve/http/connection.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <cctype>
#include <chrono>
#include <utility>

namespace assay::serve {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3));
}

std::string field_text(const http::fields& fields, http::field name) {
  return std::string(fields[name]);
}

constexpr std::size_t kLingerBytes = 32 << 20;
constexpr double kLingerSeconds = 2;

}  // namespace

/// Carries calls of any thread to the connection's.
class ConnectionExchange final : public Exchange,
                                 public std::enable_shared_from_this<ConnectionExchange> {
 public:
  explicit ConnectionExchange(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)), executor_(connection_->socket_.get_executor()) {}

  void respond(HttpResponse response) override {
    post([response = std::move(response)](Connection& c) { c.respond(response); });
  }
  void begin_events(std::vector<std::pair<std::string, std::string>> headers) override {
    post([headers = std::move(headers)](Connection& c) { c.begin_events(headers); });
  }
  void event(std::string_view data) override {
    if (gone()) return;
    post([data = std::string(data)](Connection& c) { c.send_event(data); });
  }
  void end() override {
    post([](Connection& c) { c.end_events(); });
  }
  bool gone() const override { return gone_.load(std::memory_order_relaxed); }

  /// On the server's thread: the connection will not take anything any more.
  void detach() {
    gone_.store(true, std::memory_order_relaxed);
    connection_.reset();
  }

 private:
  template <class Call>
  void post(Call call) {
    net::post(executor_, [self = shared_from_this(), call = std::move(call)] {
      if (const std::shared_ptr<Connection> connection = self->connection_) call(*connection);
    });
  }

  std::shared_ptr<Connection> connection_;  // the server's thread's alone
  net::ip::tcp::socket::executor_type executor_;
  std::atomic<bool> gone_ = false;
};

Connection::Connection(net::ip::tcp::socket socket, std::shared_ptr<ServerState> state)
    : socket_(std::move(socket)), deadline_(socket_.get_executor()), state_(std::move(state)) {
  ++state_->connections;
}

Connection::~Connection() {
  --(turned_away_ ? state_->turned_away : state_->connections);
  reserve_body(0);
}

/// Makes the body's share of what all may hold `bytes`; false: there is not so much left.
bool Connection::reserve_body(std::size_t bytes) {
  const std::size_t others = state_->body_bytes - reserved_;
  if (bytes > reserved_ && others + bytes > state_->limits.all_body_bytes) return false;
  state_->body_bytes = others + bytes;
  reserved_ = bytes;
  return true;
}

void Connection::arm(double seconds) {
  timed_out_ = false;
  deadline_.expires_after(milliseconds(seconds));
  deadline_.async_wait([weak = weak_from_this(), which = ++armed_](ErrorCode error) {
    const std::shared_ptr<Connection> self = weak.lock();
    if (error || !self || which != self->armed_) return;
    self->timed_out_ = true;
    ErrorCode ignored;
    self->socket_.cancel(ignored);
  });
}

void Connection::close_if_idle() {
  if (idle_) close();
}

void Connection::close() {
  mark_gone();
  deadline_.cancel();
  ErrorCode ignored;
  socket_.shutdown(net::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void Connection::mark_gone() {
  if (!exchange_) return;
  exchange_->detach();
  exchange_.reset();
  --state_->exchanges;
}

/// Between requests time is longer than within one.
void Connection::wait_for_request() {
  idle_ = true;
  if (state_->draining) return close();
  if (buffer_.size() > 0) return read_head();
  arm(state_->limits.idle_seconds);
  socket_.async_read_some(buffer_.prepare(4096),
                          [self = shared_from_this()](ErrorCode error, std::size_t n) {
                            if (error) return self->close();
                            self->buffer_.commit(n);
                            self->read_head();
                          });
}

void Connection::read_head() {
  idle_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(state_->limits.header_bytes));
  parser_->body_limit(state_->limits.body_bytes);
  arm(state_->limits.header_seconds);
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_head(error); });
}

void Connection::turn_away() {
  turned_away_ = true;
  --state_->connections;
  ++state_->turned_away;
  idle_ = false;
  refuse(503, "too many connections at once; try again");
}

void Connection::refuse(int status, const std::string& why) {
  keep_alive_ = false;
  timed_out_ = false;
  request_ = HttpRequest{};
  respond(state_->handlers.refuse(status, why));
}

void Connection::refuse_broken(ErrorCode error) {
  if (timed_out_) return refuse(408, "the request did not arrive in time");
  if (error == http::error::header_limit) {
    return refuse(431, fmt::format("the head of the request has more than {} bytes",
                                   state_->limits.header_bytes));
  }
  if (error == http::error::body_limit) {
    return refuse(
        413, fmt::format("the request's body has more than {} bytes", state_->limits.body_bytes));
  }
  const bool broken = error.category() == http::make_error_code(http::error::bad_value).category();
  if (!broken || error == http::error::end_of_stream || error == http::error::partial_message) {
    return close();  // the client went away
  }
  refuse(400, "not a proper HTTP request: " + error.message());
}

/// What Beast lets pass and we do not.
std::string Connection::head_problem() const {
  const http::fields& fields = parser_->get();
  if (fields.count(http::field::host) > 1) return "more than one Host";
  if (parser_->get().version() >= 11 && fields.count(http::field::host) == 0) return "no Host";
  if (fields.count(http::field::content_length) > 1) return "more than one Content-Length";
  // A list of equal lengths ("3, 3") is one length to Beast, and none to other readers.
  if (fields[http::field::content_length].find_first_not_of("0123456789") !=
      beast::string_view::npos) {
    return "a Content-Length that is no plain number";
  }
  if (fields.count(http::field::transfer_encoding) > 0 &&
      (fields.count(http::field::transfer_encoding) > 1 ||
       !beast::iequals(fields[http::field::transfer_encoding], "chunked"))) {
    return "a Transfer-Encoding other than 'chunked'";
  }
  for (const http::field single : {http::field::authorization, http::field::origin,
                                   http::field::content_type, http::field::content_encoding}) {
    if (fields.count(single) > 1) return "a header twice";
  }
  return "";
}

void Connection::on_head(ErrorCode error) {
  if (error) return refuse_broken(error);
  const auto& head = parser_->get();
  const std::string problem = head_problem();
  if (!problem.empty()) return refuse(400, "not a proper HTTP request: " + problem);
  keep_alive_ = head.keep_alive();
  chunked_ = head.version() >= 11;
  head_only_ = head.method() == http::verb::head;
  request_ = HttpRequest{};
  request_.method = std::string(head.method_string());
  request_.target = std::string(head.target());
  request_.host = field_text(head, http::field::host);
  request_.origin = field_text(head, http::field::origin);
  request_.authorization = field_text(head, http::field::authorization);
  request_.content_type = field_text(head, http::field::content_type);
  request_.content_encoding = field_text(head, http::field::content_encoding);
  std::transform(request_.content_encoding.begin(), request_.content_encoding.end(),
                 request_.content_encoding.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::optional<HttpResponse> refusal = state_->handlers.check(request_)) {
    if (!parser_->is_done()) keep_alive_ = false;
    return respond(*refusal);
  }
  if (parser_->content_length().value_or(0) > state_->limits.body_bytes) {
    return refuse_broken(http::error::body_limit);
  }
  if (!reserve_body(static_cast<std::size_t>(parser_->content_length().value_or(0)))) {
    return refuse_large();
  }
  if (beast::iequals(head[http::field::expect], "100-continue") && !parser_->is_done()) {
    net::async_write(socket_, net::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")),
                     [self = shared_from_this()](ErrorCode failed, std::size_t) {
                       if (failed) return self->close();
                       self->read_body();
                     });
    return;
  }
  read_body();
}

void Connection::refuse_large() {
  refuse(503, "too many large requests at once; try again");
}

void Connection::read_body() {
  arm(state_->limits.body_seconds);
  parser_->eager(true);
  read_more_body();
}

/// A body in chunks, whose length nobody said, takes its share as it grows.
void Connection::read_more_body() {
  if (parser_->is_done()) return on_body({});
  http::async_read_some(socket_, buffer_, *parser_,
                        [self = shared_from_this()](ErrorCode error, std::size_t) {
                          if (error) return self->on_body(error);
                          const std::size_t size = self->parser_->get().body().size();
                          const bool fits = size <= self->reserved_ || self->reserve_body(size);
                          if (!fits) return self->refuse_large();
                          self->read_more_body();
                        });
}

void Connection::on_body(ErrorCode error) {
  if (error) return refuse_broken(error);
  disarm();
  request_.body = std::move(parser_->get().body());
  parser_.reset();
  (void)reserve_body(request_.body.size());
  exchange_ = std::make_shared<ConnectionExchange>(shared_from_this());
  ++state_->exchanges;
  watch_for_close();
  state_->handlers.handle(std::move(request_), exchange_);
}

/// Tells the exchange when the client closes its side: nobody waits for the answer any more.
void Connection::watch_for_close() {
  socket_.async_wait(net::ip::tcp::socket::wait_read, [self = shared_from_this(),
                                                       watched = exchange_](ErrorCode error) {
    if (error || watched != self->exchange_ || !self->exchange_) return;
    char byte = 0;
    const ssize_t n = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n > 0) return;  // the next request is there already
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return self->watch_for_close();
    self->close();
  });
}

std::string Connection::head_of(
    int status, std::string_view content_type,
    const std::vector<std::pair<std::string, std::string>>& headers) const {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nConnection: {}\r\n", status,
                  http_reason(status), content_type, keep_alive_ ? "keep-alive" : "close");
  head += "Server: assay\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";
  for (const auto& [name, value] : headers) head += fmt::format("{}: {}\r\n", name, value);
  return head;
}

void Connection::respond(const HttpResponse& response) {
  std::string bytes = head_of(response.status, response.content_type, response.headers) +
                      fmt::format("Content-Length: {}\r\n\r\n", response.body.size());
  if (!head_only_) bytes += response.body;
  whole_ = true;
  send(bytes);
}

void Connection::begin_events(const std::vector<std::pair<std::string, std::string>>& headers) {
  if (!chunked_) keep_alive_ = false;
  std::string head = head_of(200, "text/event-stream", headers);
  head += chunked_ ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n";
  send(head);
}

void Connection::send_event(std::string_view data) {
  const std::size_t size = data.size() + 8;
  send(chunked_ ? fmt::format("{:x}\r\ndata: {}\n\n\r\n", size, data)
                : fmt::format("data: {}\n\n", data));
}

void Connection::end_events() {
  whole_ = true;
  send(chunked_ ? "0\r\n\r\n" : "");
}

void Connection::send(std::string_view bytes) {
  unsent_ += bytes;
  // A whole answer may be long; a stream that the client does not read may not.
  if (!whole_ && unsent_.size() > state_->limits.unsent_bytes) return close();
  if (!writing_) write_more();
}

/// The time is for each piece that the client takes, not for all of them: one that reads slowly
/// gets its answer.
void Connection::write_more() {
  if (written_ == sending_.size()) {
    written_ = 0;
    sending_ = std::exchange(unsent_, {});
    writing_ = !sending_.empty();
    if (!writing_ && whole_) answer_is_whole();
    if (!writing_) return;
  }
  arm(state_->limits.write_seconds);
  socket_.async_write_some(net::buffer(sending_) + written_,
                           [self = shared_from_this()](ErrorCode error, std::size_t n) {
                             if (error) return self->close();
                             self->disarm();
                             self->written_ += n;
                             self->write_more();
                           });
}

void Connection::answer_is_whole() {
  whole_ = false;
  reserve_body(0);
  mark_gone();
  after_answer();
}

void Connection::after_answer() {
  head_only_ = false;
  if (keep_alive_ && !state_->draining) return wait_for_request();
  ErrorCode ignored;
  socket_.shutdown(net::ip::tcp::socket::shutdown_send, ignored);
  buffer_.clear();
  arm(kLingerSeconds);
  linger();
}

/// Reads past what the client still sends: closing at once could destroy the answer on its way.
void Connection::linger() {
  socket_.async_read_some(buffer_.prepare(16 << 10),
                          [self = shared_from_this()](ErrorCode error, std::size_t n) {
                            self->lingered_ += n;
                            if (error || self->lingered_ > kLingerBytes) return self->close();
                            self->linger();
                          });
}

}  // namespace assay::serve
