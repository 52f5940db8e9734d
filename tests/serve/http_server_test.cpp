#include "serve/http/http_server.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "tests/serve/raw_client.h"

namespace assay::serve {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;

HttpLimits quick_limits() {
  HttpLimits limits;
  limits.header_seconds = 0.3;
  limits.body_seconds = 0.3;
  limits.idle_seconds = 0.5;
  limits.write_seconds = 0.5;
  limits.header_bytes = 2048;
  limits.body_bytes = 1000;
  return limits;
}

constexpr std::size_t kLarge = 4 << 20;

/// Answers with the request's target and body; "/hold" is left open, "/stream" begins a stream,
/// "/large" has kLarge bytes.
class HttpServerTest : public ::testing::Test {
 protected:
  void start(const HttpLimits& limits) {
    HttpHandlers handlers;
    handlers.check = [](const HttpRequest& head) -> std::optional<HttpResponse> {
      if (head.target != "/forbidden") return std::nullopt;
      return HttpResponse{403, "no", "text/plain", {}};
    };
    handlers.refuse = [](int status, const std::string& why) {
      return HttpResponse{status, why, "text/plain", {}};
    };
    handlers.handle = [this](const HttpRequest& request, std::shared_ptr<Exchange> exchange) {
      const std::lock_guard lock(mutex_);
      if (request.target == "/hold" || request.target == "/stream") {
        if (request.target == "/stream") exchange->begin_events({});
        held_.push_back(std::move(exchange));
      } else if (request.target == "/large") {
        exchange->respond({200, std::string(kLarge, 'x'), "text/plain", {}});
      } else {
        exchange->respond({200, request.target + ":" + request.body, "text/plain", {}});
      }
    };
    server_ = value_or_throw(HttpServer::listen("127.0.0.1", 0, limits, handlers));
    thread_ = std::thread([this] {
      server_->run([this] {
        if (drain_.exchange(false)) server_->drain();
      });
    });
  }
  void TearDown() override {
    if (server_) server_->stop();
    if (thread_.joinable()) thread_.join();
    held_.clear();
    server_.reset();
  }
  std::string ask(const std::string& bytes) {
    RawClient client(server_->port());
    client.send(bytes);
    return client.read_all();
  }
  std::shared_ptr<Exchange> held() {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (!held_.empty()) return held_.back();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return nullptr;
  }
  static bool comes_true(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Exchange>> held_;
  std::atomic<bool> drain_ = false;
};

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start({});
  const std::string both =
      ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
          "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
          "GET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::size_t a = both.find("/a:one");
  const std::size_t b = both.find("/b:two");
  const std::size_t c = both.find("/c:");
  EXPECT_TRUE(a < b && b < c && c != std::string::npos) << both;
}

TEST_F(HttpServerTest, AmbiguousLengthsAreRefused) {
  start({});
  for (const char* fields :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 3\r\n", "Content-Length: -1\r\n", "Content-Length: +3\r\n",
        "Content-Length: 0x3\r\n", "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
        "Content-Length : 3\r\n", "Host: other\r\n", "Bad Name: x\r\n"}) {
    const std::string answer =
        ask(std::string("POST / HTTP/1.1\r\nHost: h\r\n") + fields + "\r\n3\r\nabc\r\n0\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 4")) << fields;
    EXPECT_THAT(answer, HasSubstr("Connection: close")) << fields;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "one answer: " << answer;
  }
}

TEST_F(HttpServerTest, WhatIsNoRequestIsRefused) {
  start({});
  EXPECT_THAT(ask("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\n\r\n"), HasSubstr("no Host"));
  EXPECT_THAT(ask("GET / HTTP/9.9\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask(std::string("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 28)),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, LongHeadsAndBodiesAreRefused) {
  start(quick_limits());
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(5000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(
      ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x')),
      StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                  std::string(1001, 'x') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(
      ask("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" +
          std::string(1000, 'x')),
      StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, SlowRequestsEnd) {
  start(quick_limits());
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost:"), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"),
              StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(ask(""), "") << "an idle connection is closed without a word";
  // A byte now and then does not help: the time is for the whole head.
  RawClient slow(server_->port());
  slow.send("GET /");
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  while (std::chrono::steady_clock::now() < until && slow.send("x")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_THAT(slow.read_all(), StartsWith("HTTP/1.1 408"));
}

TEST_F(HttpServerTest, ARefusalComesBeforeTheBody) {
  start({});
  RawClient client(server_->port());
  client.send("POST /forbidden HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 403"));
}

TEST_F(HttpServerTest, ExpectContinueIsAnswered) {
  start({});
  RawClient client(server_->port());
  client.send(
      "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nConnection: close\r\n"
      "Content-Length: 3\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.send("abc");
  EXPECT_THAT(client.read_all(), EndsWith("/e:abc"));
}

TEST_F(HttpServerTest, AStreamIsWholeEventsInChunks) {
  start({});
  RawClient client(server_->port());
  client.send("POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  const auto exchange = held();
  ASSERT_TRUE(exchange);
  exchange->event("{\"a\":1}");
  EXPECT_THAT(client.read_until("\n\n"), HasSubstr("data: {\"a\":1}\n\n"));
  exchange->event("[DONE]");
  exchange->end();
  EXPECT_THAT(client.read_until("0\r\n\r\n"), HasSubstr("data: [DONE]\n\n"));
  client.send("GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_all(), EndsWith("/next:")) << "the connection goes on";
}

TEST_F(HttpServerTest, AnOldClientsStreamEndsWithTheConnection) {
  start({});
  RawClient client(server_->port());
  client.send("POST /stream HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
  const auto exchange = held();
  ASSERT_TRUE(exchange);
  exchange->event("x");
  exchange->end();
  const std::string all = client.read_all();
  EXPECT_THAT(all, EndsWith("\r\n\r\ndata: x\n\n"));
  EXPECT_EQ(all.find("chunked"), std::string::npos);
}

TEST_F(HttpServerTest, AClientThatGoesAwayIsNoticed) {
  start({});
  RawClient client(server_->port());
  client.send("POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  const auto exchange = held();
  ASSERT_TRUE(exchange);
  EXPECT_FALSE(exchange->gone());
  client.close();
  EXPECT_TRUE(comes_true([&] { return exchange->gone(); }));
  exchange->respond({});  // to nobody
}

TEST_F(HttpServerTest, AClientThatDoesNotReadIsCutOff) {
  HttpLimits limits;
  limits.unsent_bytes = 100'000;
  start(limits);
  RawClient client(server_->port());
  client.send("POST /stream HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  const auto exchange = held();
  ASSERT_TRUE(exchange);
  const std::string event(10'000, 'x');
  for (int i = 0; i < 5000 && !exchange->gone(); ++i) {
    exchange->event(event);
    if (i % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(comes_true([&] { return exchange->gone(); }));
}

TEST_F(HttpServerTest, ASlowButSteadyReaderGetsItsAnswer) {
  HttpLimits limits;
  limits.write_seconds = 0.3;
  start(limits);
  RawClient client(server_->port(), 32 << 10);
  client.send("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::size_t taken = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    const std::size_t n = client.read_some(64 << 10).size();
    if (n == 0) break;
    taken += n;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GT(taken, kLarge);
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(400));
  RawClient stuck(server_->port(), 32 << 10);
  stuck.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  EXPECT_LT(stuck.read_all().size(), kLarge) << "who takes nothing is cut off";
}

TEST_F(HttpServerTest, ABodyCountsForWhatItHolds) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  limits.all_body_bytes = 2500;
  start(limits);
  const auto chunked = [](std::size_t bytes) {
    return fmt::format(
        "POST /hold HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n"
        "0\r\n\r\n",
        bytes, std::string(bytes, 'x'));
  };
  const auto n_held = [this] {
    const std::lock_guard lock(mutex_);
    return held_.size();
  };
  std::vector<std::unique_ptr<RawClient>> clients;
  for (const std::size_t bytes : {5U, 5U, 5U, 5U, 900U, 900U}) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    clients.back()->send(chunked(bytes));
    ASSERT_TRUE(comes_true([&] { return n_held() == clients.size(); })) << bytes;
  }
  EXPECT_THAT(ask(chunked(900)), HasSubstr("too many large requests"));
  held_[4]->respond({});
  clients[4]->read_until("\r\n\r\n");
  RawClient again(server_->port());
  again.send(chunked(900));
  EXPECT_TRUE(comes_true([&] { return n_held() == 7; })) << "what was answered is given back";
}

TEST_F(HttpServerTest, MoreConnectionsThanAllowedAreToldSo) {
  HttpLimits limits;
  limits.connections = 2;
  start(limits);
  RawClient one(server_->port());
  RawClient two(server_->port());
  RawClient three(server_->port());
  three.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string told = three.read_all();
  EXPECT_THAT(told, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(told, EndsWith("too many connections at once; try again")) << "with a body";
  one.close();
  ASSERT_TRUE(comes_true([&] {
    return ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .starts_with("HTTP/1.1 200");
  }));
}

TEST_F(HttpServerTest, AThousandConnectionsAreOpenWhileOneIsServed) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  constexpr rlim_t kNeeded = 2400;  // both ends are in this process
  if (limit.rlim_max < kNeeded) GTEST_SKIP() << "fewer than 2,400 descriptors are allowed here";
  limit.rlim_cur = std::max(limit.rlim_cur, kNeeded);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  start({});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    clients.back()->send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  }
  EXPECT_THAT(ask("GET /one HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), EndsWith("/one:"));
  for (const auto& client : clients) client->send("cde");
  for (const auto& client : clients) {
    EXPECT_THAT(client->read_until("/x:abcde"), StartsWith("HTTP/1.1 200"));
  }
}

TEST_F(HttpServerTest, DrainingFinishesWhatRunsAndTakesNothingNew) {
  start({});
  RawClient idle(server_->port());
  idle.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.read_until("/a:");
  RawClient busy(server_->port());
  busy.send("POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  const auto exchange = held();
  ASSERT_TRUE(exchange);
  drain_ = true;
  EXPECT_EQ(idle.read_all(), "") << "closed";
  exchange->respond({200, "late", "text/plain", {}});
  EXPECT_THAT(busy.read_all(), EndsWith("late"));
}

TEST(HttpServer, AnAddressThatIsNoneIsAnError) {
  EXPECT_EQ(HttpServer::listen("localhost.example", 0, {}, {}).error().kind(), ErrorKind::usage);
  const auto first = HttpServer::listen("127.0.0.1", 0, {}, {});
  ASSERT_TRUE(first);
  const auto second = HttpServer::listen("127.0.0.1", (*first)->port(), {}, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().line(), HasSubstr("--port"));
}

}  // namespace
}  // namespace assay::serve
