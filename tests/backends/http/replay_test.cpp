// vLLM, Ollama, llama.cpp's server, Jan and mlx_lm.server as their sources and pages show them,
// replayed: each is recognised, probed and read for what it is.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/backends/http/support.h"

namespace assay::http {
namespace {

using namespace testing;  // NOLINT: the helpers of these tests
using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr TokenId kBos = 257;

/// The template of replay_server.py, and a vocabulary of bytes.
LocalVocabulary vocabulary_of_replays(const std::string& opening = "") {
  LocalVocabulary out = byte_vocabulary();
  out.bos = kBos;
  out.render = [opening](const Prompt& prompt) -> Result<RenderedPrompt> {
    std::string text;
    for (const Message& message : prompt.messages) {
      text += message.role + ": " + message.content + "\n";
    }
    text += "assistant:" + opening;
    return RenderedPrompt{text, byte_vocabulary().encode(text)};
  };
  return out;
}

class HttpReplay : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_REQUIRE_PYTHON();
    server_ = std::make_unique<assay::testing::PythonServer>(std::string(ASSAY_TEST_SCRIPTS) +
                                                             "/replay_server.py");
  }
  std::unique_ptr<HttpEndpoint> endpoint(const std::string& kind, const Settings& more = {},
                                         const std::string& opening = "") const {
    const std::string url = fmt::format("http://127.0.0.1:{}/{}/v1", server_->port(), kind);
    return make_endpoint(quick_settings(url, more), vocabulary_of_replays(opening));
  }
  static EndpointNeeds needs(std::int64_t longest, bool thinking = false) {
    EndpointNeeds out;
    out.longest_sequence = longest;
    out.thinking = thinking;
    out.example = chat("What is 2 + 2?");
    return out;
  }
  static json probes(HttpEndpoint& endpoint, const EndpointNeeds& needs) {
    return value_or_throw(endpoint.probe(
        needs, [](const std::string&) {}, nullptr));
  }

  std::unique_ptr<assay::testing::PythonServer> server_;
};

TEST_F(HttpReplay, Vllm) {
  for (const auto& [kind, field] : std::map<std::string, std::string>{
           {"vllm", "reasoning"}, {"oldvllm", "reasoning_content"}}) {
    auto vllm = endpoint(kind);
    const EndpointFacts facts = value_or_throw(vllm->connect());
    EXPECT_EQ(facts.server, "vllm");
    EXPECT_EQ(facts.model, "deepseek-r1");
    EXPECT_EQ(facts.context, 4096);
    EXPECT_TRUE(facts.thinks);
    const json found = probes(*vllm, needs(1000, true));
    EXPECT_EQ(found["template"]["verdict"], "same ids") << found["template"];
    EXPECT_EQ(found["context"]["verdict"], "holds") << found["context"];
    EXPECT_EQ(found["context"]["stated"], 4096);
    EXPECT_EQ(found["repeatability"]["verdict"], "same");
    EXPECT_EQ(found["stop"]["verdict"], "honoured") << found["stop"];
    EXPECT_EQ(found["stop"]["inside_thinking"], false) << "its reasoning is a fixed text";
    std::vector<Request> one = requests(1, chat("x"));
    one[0].sampling.temperature = 0.6;  // with top_k 0 it would be refused
    const EndpointCompletion c = run_all(*vllm, one).at("k0");
    EXPECT_EQ(c.error, "");
    EXPECT_EQ(c.reply.form, field);
    EXPECT_THAT(c.text, HasSubstr("Two and two is four.</think>\n\n2 + 2"));
  }
}

TEST_F(HttpReplay, OllamaCutsPromptsWithoutAWord) {
  auto nameless = endpoint("ollama");
  const auto several = nameless->connect();
  ASSERT_FALSE(several);
  EXPECT_THAT(several.error().line(), HasSubstr("add model=NAME; it has qwen3:4b, deepseek-r1"));
  auto wrong = endpoint("ollama", {{"model", "llama3"}});
  EXPECT_THAT(wrong->connect().error().line(), HasSubstr("no model 'llama3'; it has qwen3:4b"));
  auto ollama = endpoint("ollama", {{"model", "deepseek-r1"}});
  const EndpointFacts facts = value_or_throw(ollama->connect());
  EXPECT_EQ(facts.server, "ollama");
  EXPECT_FALSE(facts.context);
  const json longer = probes(*ollama, needs(3000));
  EXPECT_EQ(longer["context"]["verdict"], "truncated") << longer["context"];
  EXPECT_EQ(longer["context"]["reported"], 512);
  EXPECT_THAT(longer["context"]["warning"].get<std::string>(), HasSubstr("kept 512 of"));
  const json fits = probes(*ollama, needs(400));
  EXPECT_EQ(fits["context"]["verdict"], "holds") << fits["context"];
  EXPECT_EQ(fits["context"]["warning"], nullptr);
  const EndpointCompletion c = run_all(*ollama, requests(1, chat("x"), 2000)).at("k0");
  EXPECT_EQ(c.stop, StopReason::length);
  EXPECT_THAT(c.reply.notes, Contains("cut_below_budget"));
}

TEST_F(HttpReplay, ALostCodeWordWeighsMoreThanWhatTheServerCounts) {
  auto liar = endpoint("liar");
  ASSERT_TRUE(liar->connect());
  const json longer = probes(*liar, needs(3000))["context"];
  EXPECT_EQ(longer["verdict"], "unclear") << longer;
  EXPECT_THAT(longer["warning"].get<std::string>(), HasSubstr("drop the beginning"));
  EXPECT_EQ(longer["reported"], longer["asked"]);
}

TEST_F(HttpReplay, StopStringsThatEndTheThinkingPartAreKnown) {
  auto cuts = endpoint("cutsthought");
  ASSERT_TRUE(cuts->connect());
  const json found = probes(*cuts, needs(0, true))["stop"];
  EXPECT_EQ(found["verdict"], "honoured") << found;
  EXPECT_EQ(found["inside_thinking"], true);
}

TEST_F(HttpReplay, ATextWithoutAWordIsStoppedAtThreeCharacters) {
  auto digits = endpoint("digits");
  ASSERT_TRUE(digits->connect());
  const json found = probes(*digits, needs(0))["stop"];
  EXPECT_EQ(found["verdict"], "honoured") << found;
}

TEST_F(HttpReplay, TheContextProbeIsAsLongAsThePlan) {
  auto llama = endpoint("llama");
  ASSERT_TRUE(llama->connect());
  for (const int planned : {300, 1001, 4000}) {
    const json found = probes(*llama, needs(planned))["context"];
    EXPECT_EQ(found["verdict"], "holds");
    EXPECT_LE(found["asked"], planned - 24) << "an answer of 24 tokens fits";
    EXPECT_GE(found["asked"], planned - 28);
  }
  const json beyond = probes(*llama, needs(20000))["context"];
  EXPECT_THAT(beyond["why"].get<std::string>(), HasSubstr("only 16384 of 20000 tokens"));
  auto other = endpoint("liar");  // states no context
  ASSERT_TRUE(other->connect());
  EXPECT_TRUE(probes(*other, needs(20000))["context"]["warning"].is_string());
}

TEST_F(HttpReplay, LlamaCpp) {
  auto llama = endpoint("llama");
  const EndpointFacts facts = value_or_throw(llama->connect());
  EXPECT_EQ(facts.server, "llama.cpp");
  EXPECT_EQ(facts.context, 4096);
  const json found = probes(*llama, needs(8000));
  EXPECT_EQ(found["template"]["verdict"], "same ids") << found["template"];
  EXPECT_EQ(found["seed"]["verdict"], "honoured");
  EXPECT_EQ(found["stop"]["verdict"], "honoured");
  EXPECT_EQ(found["repeatability"]["verdict"], "same");
  EXPECT_EQ(found["repeatability"]["beside_others"], true);
  EXPECT_THAT(found["context"]["warning"].get<std::string>(), HasSubstr("a context of 4096"));
  const EndpointCompletion c = run_all(*llama, requests(1, chat("x"))).at("k0");
  EXPECT_EQ(c.reply.server_decode_ms, 20.0);
  EXPECT_EQ(c.reply.server_decode_tokens, std::ssize(c.tokens));
}

TEST_F(HttpReplay, TemplatesThatDiffer) {
  auto twice = endpoint("twobos");
  ASSERT_TRUE(twice->connect());
  EXPECT_EQ(probes(*twice, needs(0))["template"]["verdict"], "two BOS");
  auto lacking = endpoint("nothink", {}, "<think>\n");
  ASSERT_TRUE(lacking->connect());
  EXPECT_EQ(probes(*lacking, needs(0))["template"]["verdict"], "no <think>");
}

TEST_F(HttpReplay, JanWantsItsKey) {
  auto keyless = endpoint("jan");
  const auto refused = keyless->connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::environment);
  EXPECT_THAT(refused.error().line(), HasSubstr("add key-env=VARIABLE"));
  ::setenv("ASSAY_TEST_KEY", "jan-key", 1);
  auto jan = endpoint("jan", {{"key-env", "ASSAY_TEST_KEY"}});
  const EndpointFacts facts = value_or_throw(jan->connect());
  EXPECT_EQ(facts.model, "jan-v3-4b");
  EXPECT_EQ(facts.server, "");
  const json found = probes(*jan, needs(500));
  EXPECT_EQ(found["template"]["verdict"], "same count") << found["template"];
  EXPECT_EQ(found["context"]["verdict"], "holds");
}

TEST_F(HttpReplay, Mlx) {
  auto mlx = endpoint("mlx");
  const EndpointFacts facts = value_or_throw(mlx->connect());
  EXPECT_EQ(facts.server, "mlx");
  const json found = probes(*mlx, needs(500));
  EXPECT_EQ(found["template"]["verdict"], "same count") << found["template"];
  const EndpointCompletion c = run_all(*mlx, requests(3, chat("x"))).at("k2");
  EXPECT_EQ(c.stop, StopReason::eos) << c.error;
  EXPECT_THAT(c.text, HasSubstr("\\boxed{4}"));
}

}  // namespace
}  // namespace assay::http
