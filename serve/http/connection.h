// One client's connection (of http_server.cpp alone).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "serve/http/http_server.h"

namespace assay::serve {

/// What all connections of a server share; its thread's alone.
struct ServerState {
  HttpLimits limits;
  HttpHandlers handlers;
  std::size_t connections = 0;
  std::size_t turned_away = 0;  ///< further ones, that are told so and closed
  std::size_t exchanges = 0;
  std::size_t body_bytes = 0;  ///< reserved by requests
  bool draining = false;
};

class ConnectionExchange;

/// Lives as long as an operation of it is pending.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<ServerState> state);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() { wait_for_request(); }
  /// Says that there is no room, whatever the client wanted, and closes.
  void turn_away();
  /// Closes it if no request is being read or answered.
  void close_if_idle();
  void close();

 private:
  friend class ConnectionExchange;
  using ErrorCode = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  /// Operations that are pending when the time is over end with an error, and timed_out_ is set.
  /// Beast's own time-outs close the socket: nobody could be told.
  void arm(double seconds);
  void disarm() { ++armed_; }
  void wait_for_request();
  void read_head();
  void on_head(ErrorCode error);
  std::string head_problem() const;
  void read_body();
  void read_more_body();
  void on_body(ErrorCode error);
  void refuse(int status, const std::string& why);
  void refuse_broken(ErrorCode error);
  void refuse_large();
  void watch_for_close();
  bool reserve_body(std::size_t bytes);

  // Of the answer; called through ConnectionExchange on the server's thread.
  void respond(const HttpResponse& response);
  void begin_events(const std::vector<std::pair<std::string, std::string>>& headers);
  void send_event(std::string_view data);
  void end_events();
  std::string head_of(int status, std::string_view content_type,
                      const std::vector<std::pair<std::string, std::string>>& headers) const;
  void send(std::string_view bytes);
  void write_more();
  void answer_is_whole();
  void after_answer();
  void linger();
  void mark_gone();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  std::uint64_t armed_ = 0;  ///< which deadline counts
  bool timed_out_ = false;
  std::shared_ptr<ServerState> state_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  HttpRequest request_;
  std::shared_ptr<ConnectionExchange> exchange_;
  std::size_t reserved_ = 0;
  std::string unsent_;       ///< waits
  std::string sending_;      ///< is being written
  std::size_t written_ = 0;  ///< bytes of it
  bool writing_ = false;
  bool whole_ = false;  ///< nothing more will be added to the answer
  bool keep_alive_ = false;
  bool chunked_ = false;  ///< the event stream's framing
  bool head_only_ = false;
  bool idle_ = true;
  bool turned_away_ = false;
  std::size_t lingered_ = 0;
};

}  // namespace assay::serve
