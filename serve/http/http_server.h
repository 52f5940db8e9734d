// HTTP/1.1 on one thread: connections, their limits and their time. It knows nothing of models.
// Boost.Beast reads the requests (decision 0022); what is written is simple enough to be text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"

namespace assay::serve {

struct HttpLimits {
  std::size_t connections = 2048;
  /// Beyond them: told with 503 and closed. Any more are closed without a word.
  std::size_t turned_away = 64;
  std::size_t header_bytes = 16 << 10;
  std::size_t body_bytes = 4 << 20;
  /// Of all requests that are being read or answered; beyond it a body is refused with 503.
  std::size_t all_body_bytes = 256 << 20;
  /// Unsent bytes of one answer: a client that does not read is cut off.
  std::size_t unsent_bytes = 4 << 20;
  double header_seconds = 10;  ///< for all of a request's head
  double body_seconds = 30;    ///< for all of its body
  double idle_seconds = 75;    ///< between requests
  double write_seconds = 30;   ///< without the client taking anything of what was sent
};

struct HttpRequest {
  std::string method;
  std::string target;
  std::string host;
  std::string origin;  ///< empty: none was sent
  std::string authorization;
  std::string content_type;
  std::string content_encoding;  ///< in lower case; empty: none was sent
  std::string body;
};

/// The target without its query.
inline std::string path_of(const HttpRequest& request) {
  return request.target.substr(0, request.target.find('?'));
}

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  /// Never from a client's text: nothing is escaped.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// The answer to one request: respond() once, or begin_events(), event()... and end(). All methods
/// may be called from any thread; after the client is gone they do nothing.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void respond(HttpResponse response) = 0;
  /// Answers with a stream of server-sent events.
  virtual void begin_events(std::vector<std::pair<std::string, std::string>> headers) = 0;
  /// One event; `data` must hold no newline.
  virtual void event(std::string_view data) = 0;
  virtual void end() = 0;
  /// The client closed the connection, or it was cut off.
  virtual bool gone() const = 0;
};

struct HttpHandlers {
  /// Sees a request before its body is read; an answer refuses it.
  std::function<std::optional<HttpResponse>(const HttpRequest& head)> check;
  /// Both run on the server's thread and must not take long.
  std::function<void(HttpRequest request, std::shared_ptr<Exchange> exchange)> handle;
  /// The answer to what is no proper request: its status and what is wrong.
  std::function<HttpResponse(int status, const std::string& why)> refuse;
};

class HttpServer {
 public:
  /// Listens; Error{environment} when it cannot. `host`: an IP address; port 0: any free one.
  static Result<std::unique_ptr<HttpServer>> listen(const std::string& host, std::uint16_t port,
                                                    const HttpLimits& limits,
                                                    HttpHandlers handlers);
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  /// Serves until stop(); calls `tick` about ten times a second.
  virtual void run(const std::function<void()>& tick) = 0;
  /// From the server's thread: no further connections and requests; answers go on.
  virtual void drain() = 0;
  /// Exchanges that are not finished. From the server's thread.
  virtual std::size_t open_exchanges() const = 0;
  /// Ends run(); connections are closed. Any thread.
  virtual void stop() = 0;
};

/// "Too Many Requests" of 429.
std::string_view http_reason(int status);

}  // namespace assay::serve
