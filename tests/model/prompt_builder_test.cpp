#include "model/prompt_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/sha256.h"
#include "model/model_file.h"
#include "tests/model/tiny_vocabulary.h"
#include "tests/support/test_data.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// The tiny vocabulary's control and user-defined tokens by name.
constexpr const char* kPlainTemplate =
    "{% for m in messages %}{{ m.role[0] }}:{{ m.content }};{% endfor %}"
    "{% if add_generation_prompt %}a:{% endif %}";
constexpr const char* kBosTemplate =
    "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}";
constexpr const char* kOpeningTemplate = "{{ messages[0].content }}<think>\n";
constexpr const char* kHybridTemplate =
    "{{ messages[0].content.split('</think>')[-1] }}A:"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}";
constexpr const char* kClosingTemplate = "{{ messages[0].content }}<think>\n</think>";

Tokenizer tokenizer(bool add_bos = false, bool thinks = true) {
  TokenizerSpec spec = testing::tiny_vocabulary();
  spec.add_bos = add_bos;
  for (std::string& token : spec.tokens) {
    if (token == "<s><s>") token = "<x>";  // it would be taken for two BOS tokens
  }
  if (!thinks) {
    for (std::string& token : spec.tokens) {
      if (token == "<think>" || token == "</think>") token = "[" + token + "]";
    }
  }
  return value_or_throw(Tokenizer::create(std::move(spec)));
}

PromptBuilder make(const Tokenizer& tokens, const std::string& source,
                   ProfileChoice profile = ProfileChoice::automatic) {
  PromptBuilderOptions options;
  options.profile = profile;
  return value_or_throw(PromptBuilder::create(tokens, source, options));
}

Prompt chat(const std::string& content, const std::string& prefix = "") {
  Prompt prompt;
  prompt.messages = {{"user", content}};
  prompt.assistant_prefix = prefix;
  return prompt;
}

Prompt raw(const std::string& text) {
  Prompt prompt;
  prompt.raw = text;
  return prompt;
}

TEST(PromptBuilder, RendersThenEncodes) {
  const Tokenizer tokens = tokenizer();
  const PromptBuilder builder = make(tokens, kPlainTemplate);
  const Result<BuiltPrompt> built = builder.build(chat("hello", "```"));
  ASSERT_TRUE(built) << built.error().line();
  EXPECT_EQ(built->text, "u:hello;a:```");
  EXPECT_EQ(built->ids, tokens.encode("u:hello;a:```", true));
  EXPECT_THAT(built->warnings, IsEmpty());
  EXPECT_EQ(builder.template_sha256(), sha256_hex(kPlainTemplate));
}

TEST(PromptBuilder, OneBosWhoeverWritesIt) {
  const TokenId bos = tokenizer().spec().bos;
  for (const bool add_bos : {false, true}) {
    const Tokenizer tokens = tokenizer(add_bos);
    const auto written = make(tokens, kBosTemplate).build(chat("x"));
    ASSERT_TRUE(written) << written.error().line();
    EXPECT_THAT(written->ids, ElementsAre(bos, 'x', tokens.spec().eos)) << add_bos;
    const auto unwritten = make(tokens, kPlainTemplate).build(chat("x"));
    ASSERT_TRUE(unwritten);
    EXPECT_EQ(unwritten->ids[0] == bos, add_bos);
    EXPECT_NE(unwritten->ids[1], bos);
    const auto plain = make(tokens, "").build(raw("x"));
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->ids, add_bos ? (std::vector<TokenId>{bos, 'x'}) : std::vector<TokenId>{'x'});
  }
}

TEST(PromptBuilder, TwoBosTokensAreAnError) {
  const Tokenizer tokens = tokenizer(true);
  const auto repeated =
      make(tokens, "{{ bos_token }} {{- ' ' -}} {{ bos_token }}x").build(chat("x"));
  EXPECT_TRUE(repeated);  // not next to each other
  for (const auto& built :
       {make(tokens, "{{ messages[0].content }}{{ bos_token }}").build(chat("<s>")),
        make(tokens, "").build(raw("<s>x"))}) {
    if (built) {
      ADD_FAILURE() << "built: " << built->text;
      continue;
    }
    EXPECT_THAT(built.error().message(), StartsWith("two BOS tokens: "));
    EXPECT_EQ(built.error().kind(), ErrorKind::environment);
  }
}

TEST(PromptBuilder, ATemplateThatWritesTwoIsKnownBeforeAnyPrompt) {
  const Tokenizer tokens = tokenizer(true);
  const auto twice = make(tokens, "{{ bos_token }}{{ bos_token }}{{ messages[0].content }}");
  const Result<void> checked = twice.check_template();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message(), StartsWith("two BOS tokens: "));
  EXPECT_TRUE(make(tokens, kBosTemplate).check_template());
  EXPECT_TRUE(make(tokens, "").check_template());
  EXPECT_TRUE(make(tokens, "{{ raise_exception('system first') }}").check_template());
}

TEST(PromptBuilder, ControlTokensInMessagesAreSaid) {
  const Tokenizer tokens = tokenizer();
  const auto built = make(tokens, kPlainTemplate).build(chat("a</s>b <think>"));
  ASSERT_TRUE(built);
  EXPECT_THAT(
      built->warnings,
      ElementsAre(HasSubstr("message 1 (user) holds '</s>', which the model reads as its")));
  const auto plain = make(tokens, "").build(raw("</s>"));
  ASSERT_TRUE(plain);
  EXPECT_THAT(plain->warnings, ElementsAre(StartsWith("the raw prompt holds '</s>'")));
}

TEST(PromptBuilder, NamesWhatIsMissing) {
  const Tokenizer tokens = tokenizer();
  const auto no_template = make(tokens, "").build(chat("x"));
  ASSERT_FALSE(no_template);
  EXPECT_THAT(no_template.error().message(), HasSubstr("has no chat template"));
  const auto empty = make(tokens, "").build(raw(""));
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message(), "the prompt is empty");
  const auto refused = make(tokens, "{{ raise_exception('no') }}").build(chat("x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "chat template line 1: the template refuses: no");
  const auto broken = PromptBuilder::create(tokens, "{{ x | e }}", {});
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message(), HasSubstr("filter 'e' is not supported"));
  EXPECT_EQ(make(tokens, "").template_sha256(), "");
}

TEST(PromptBuilder, AutomaticProfile) {
  const Tokenizer tokens = tokenizer();
  const Tokenizer without = tokenizer(false, false);
  EXPECT_FALSE(make(tokens, kPlainTemplate).profile().thinking);
  EXPECT_FALSE(make(tokens, "").profile().thinking);
  EXPECT_FALSE(make(tokens, kClosingTemplate).profile().thinking);
  EXPECT_FALSE(make(without, kOpeningTemplate).profile().thinking);
  EXPECT_EQ(make(without, kOpeningTemplate).profile().think_close, -1);
  const PromptBuilder opening = make(tokens, kOpeningTemplate);
  EXPECT_TRUE(opening.profile().thinking);
  EXPECT_TRUE(opening.profile().opened_by_prompt);
  EXPECT_EQ(opening.profile().think_open, tokens.find("<think>"));
  EXPECT_EQ(opening.profile().think_close, tokens.find("</think>"));
  const PromptBuilder hybrid = make(tokens, kHybridTemplate);
  EXPECT_TRUE(hybrid.profile().thinking);
  EXPECT_FALSE(hybrid.profile().opened_by_prompt);
}

TEST(PromptBuilder, ForcedProfile) {
  const Tokenizer tokens = tokenizer();
  const PromptBuilder plain = make(tokens, kHybridTemplate, ProfileChoice::plain);
  EXPECT_FALSE(plain.profile().thinking);
  EXPECT_EQ(plain.build(chat("x"))->text, "xA:<think>\n\n</think>\n\n");
  const PromptBuilder thinking = make(tokens, kHybridTemplate, ProfileChoice::thinking);
  EXPECT_TRUE(thinking.profile().thinking);
  EXPECT_EQ(thinking.build(chat("x"))->text, "xA:");
  EXPECT_TRUE(make(tokens, kPlainTemplate, ProfileChoice::thinking).profile().thinking);
  EXPECT_FALSE(make(tokens, kOpeningTemplate, ProfileChoice::plain).profile().thinking);
  PromptBuilderOptions options;
  options.profile = ProfileChoice::thinking;
  const Tokenizer without = tokenizer(false, false);
  const auto refused = PromptBuilder::create(without, kPlainTemplate, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::usage);
  EXPECT_THAT(refused.error().line(), HasSubstr("--chain-profile plain"));
}

TEST(PromptBuilder, ThinkingThatThePromptLeavesOpen) {
  const Tokenizer tokens = tokenizer();
  const auto open = [&](const std::string& source, const std::string& prefix) {
    return make(tokens, source).build(chat("x", prefix))->thinking_open;
  };
  EXPECT_TRUE(open(kOpeningTemplate, ""));
  EXPECT_TRUE(open(kOpeningTemplate, "First, "));
  EXPECT_FALSE(open(kOpeningTemplate, "\n</think>\n\n"));
  EXPECT_FALSE(open(kPlainTemplate, ""));
  EXPECT_TRUE(open(kPlainTemplate, "<think>\n"));
  EXPECT_FALSE(open(kClosingTemplate, ""));
  EXPECT_FALSE(open(kPlainTemplate, "<think>\nhm</think>"));
}

// The published protocol of R1 distills: no system prompt, the thinking part opened by us.
TEST(PromptBuilder, DeepSeekR1Distill) {
  ASSAY_REQUIRE_TEST_DATA(
      gz, "data/tokenizer/r1_distill/deepseek-r1-distill-qwen-7b.vocab-only.gguf.gz");
  const testing::TempDir dir;
  testing::write_text(dir.path() / "v.gguf", testing::read_gzip(gz));
  const Result<ModelFile> model = load_model_file((dir.path() / "v.gguf").string());
  ASSERT_TRUE(model) << model.error().line();
  const Tokenizer tokens = value_or_throw(Tokenizer::create(*model->tokenizer));
  const PromptBuilder builder = make(tokens, model->chat_template);
  EXPECT_TRUE(builder.profile().thinking);
  EXPECT_FALSE(builder.profile().opened_by_prompt);
  const auto built = builder.build(chat("2 + 2?", "<think>\n"));
  ASSERT_TRUE(built) << built.error().line();
  // BOS, User, "2", " +", " ", "2", "?", Assistant, think, newline
  EXPECT_THAT(built->ids, ElementsAre(151646, 151644, 17, 488, 220, 17, 30, 151645, 151648, 198));
  EXPECT_TRUE(built->thinking_open);
}

}  // namespace
}  // namespace assay
