#include "serve/access.h"

#include <gmock/gmock.h>

#include "tests/support/test_data.h"

namespace assay::serve {
namespace {

using ::testing::HasSubstr;

int status(const AccessRules& rules, const HttpRequest& head) {
  const std::optional<ApiError> error = check_access(rules, head);
  return error ? error->status : 200;
}

HttpRequest request(const std::string& host, const std::string& origin = {},
                    const std::string& authorization = {}) {
  HttpRequest head;
  head.method = "POST";
  head.target = "/v1/completions";
  head.host = host;
  head.origin = origin;
  head.authorization = authorization;
  return head;
}

TEST(Access, OnlyNamesThatNobodyCanRedirectAreAnswered) {
  const AccessRules rules;
  for (const char* host :
       {"127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "[::1]", "192.168.0.7:80"}) {
    EXPECT_EQ(status(rules, request(host)), 200) << host;
  }
  for (const char* host : {"evil.example", "evil.example:8000", "localhost.evil.example", "", "[",
                           "127.0.0.1.evil.example", "localhost:8000:evil"}) {
    EXPECT_EQ(status(rules, request(host)), 403) << host;
  }
  EXPECT_EQ(status({"", {"my-board"}}, request("My-Board:8000")), 200);
}

TEST(Access, PagesOfOtherOriginsAreRefused) {
  const AccessRules rules;
  EXPECT_EQ(status(rules, request("localhost:8000", "http://localhost:8000")), 200);
  for (const char* origin : {"http://evil.example", "null", "https://localhost:8000",
                             "http://localhost:9000", "http://127.0.0.1:8000"}) {
    EXPECT_EQ(status(rules, request("localhost:8000", origin)), 403) << origin;
  }
}

TEST(Access, TheTokenIsAskedFor) {
  const AccessRules rules{"0123456789abcdef", {}};
  EXPECT_EQ(status(rules, request("localhost", "", "Bearer 0123456789abcdef")), 200);
  EXPECT_EQ(status(rules, request("localhost", "", "bearer 0123456789abcdef")), 200);
  for (const char* given : {"", "Bearer", "Bearer ", "0123456789abcdef", "Basic 0123456789abcdef",
                            "Bearer 0123456789abcde", "Bearer 0123456789abcdeg",
                            "Bearer 0123456789abcdef0", "Bearer  0123456789abcdef"}) {
    EXPECT_EQ(status(rules, request("localhost", "", given)), 401) << given;
  }
  HttpRequest health = request("localhost");
  health.target = "/health";
  EXPECT_EQ(status(rules, health), 200);
  health.target = "/health?x=1";
  EXPECT_EQ(status(rules, health), 200);
  health.target = "/healthy";
  EXPECT_EQ(status(rules, health), 401);
}

TEST(Access, ATokenComesFromAFile) {
  const testing::TempDir folder;
  const std::string file = (folder.path() / "token").string();
  testing::write_text(file, "0123456789abcdef0123\n");
  EXPECT_EQ(value_or_throw(read_token(file)), "0123456789abcdef0123");
  testing::write_text(file, "short\n");
  EXPECT_THAT(read_token(file).error().line(), HasSubstr("16 to 4096"));
  testing::write_text(file, "with a space inside it\n");
  EXPECT_EQ(read_token(file).error().kind(), ErrorKind::usage);
  testing::write_text(file, "");
  EXPECT_FALSE(read_token(file)) << "a file that was named must hold one";
  EXPECT_FALSE(read_token((folder.path() / "absent").string()));
}

TEST(Access, Loopback) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_TRUE(is_loopback("0:0:0:0:0:0:0:1"));
  EXPECT_TRUE(is_address("0.0.0.0"));
  EXPECT_FALSE(is_address("localhost"));
  EXPECT_FALSE(is_loopback("127.0.0.1.example"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("::"));
  EXPECT_FALSE(is_loopback("192.168.1.2"));
}

}  // namespace
}  // namespace assay::serve
