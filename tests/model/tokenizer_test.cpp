#include "model/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/utf8.h"
#include "model/tokenizer/nfc.h"
#include "tests/model/tiny_vocabulary.h"

namespace assay {
namespace {

using testing::add_merge;
using testing::add_token;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::tiny_vocabulary;
using testing::to_alphabet;

constexpr PreTokenizer kAll[] = {PreTokenizer::gpt2, PreTokenizer::llama_bpe, PreTokenizer::qwen2,
                                 PreTokenizer::deepseek_r1_qwen, PreTokenizer::smollm};

Tokenizer make(TokenizerSpec spec) {
  return value_or_throw(Tokenizer::create(std::move(spec)));
}

std::string streamed(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  StreamDecoder decoder(tokenizer);
  std::string out;
  for (const TokenId id : ids) out += decoder.push(id);
  return out + decoder.finish();
}

std::string utf8proc_nfc(const std::string& text) {
  utf8proc_uint8_t* raw = nullptr;
  const auto n = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                              static_cast<utf8proc_ssize_t>(text.size()), &raw,
                              static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
  return n < 0 ? "" : std::string(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(n));
}

/// Bytes that are mostly text: whole characters, pieces of characters, specials, anything.
std::string random_bytes(std::mt19937& random) {
  static const std::vector<std::string> kParts = {"hello",
                                                  " w",
                                                  "<s>",
                                                  "</s>",
                                                  "<think>",
                                                  "<s",
                                                  "\xC3\xA9",
                                                  "e\xCC\x81",
                                                  "\xF0\x9F\xA6\x99",
                                                  "\xE2",
                                                  "\n",
                                                  "  ",
                                                  "12",
                                                  "'ll",
                                                  "\xFF",
                                                  "\xED\xA0\x80",
                                                  std::string(1, '\0')};
  std::string out;
  for (auto n = random() % 30; n > 0; --n) {
    const auto choice = random() % (kParts.size() + 8);
    out += choice < kParts.size() ? kParts[choice] : std::string(1, static_cast<char>(random()));
  }
  return out;
}

// ---- create ----

std::string refusal(TokenizerSpec spec) {
  const Result<Tokenizer> tokenizer = Tokenizer::create(std::move(spec));
  if (tokenizer) return "accepted";
  EXPECT_EQ(tokenizer.error().kind(), ErrorKind::environment);
  EXPECT_EQ(tokenizer.error().line().find('\n'), std::string::npos);
  EXPECT_FALSE(tokenizer.error().hint().empty());
  return tokenizer.error().message();
}

TEST(TokenizerCreate, RefusesAnEmptyVocabulary) {
  EXPECT_EQ(refusal({}), "tokenizer: the vocabulary is empty");
}

TEST(TokenizerCreate, RefusesKindsThatDoNotFit) {
  TokenizerSpec spec = tiny_vocabulary();
  spec.kinds.pop_back();
  EXPECT_EQ(refusal(spec), "tokenizer: 267 kinds for 268 tokens");
}

TEST(TokenizerCreate, RefusesIdsOutOfRange) {
  const auto with = [](TokenId TokenizerSpec::*member, TokenId id) {
    TokenizerSpec spec = tiny_vocabulary();
    spec.*member = id;
    return spec;
  };
  EXPECT_EQ(refusal(with(&TokenizerSpec::bos, 268)),
            "tokenizer: the bos id 268 is outside the 268 tokens");
  EXPECT_EQ(refusal(with(&TokenizerSpec::eos, -2)),
            "tokenizer: the eos id -2 is outside the 268 tokens");
  EXPECT_THAT(refusal(with(&TokenizerSpec::pad, 1 << 30)), HasSubstr("the pad id 1073741824"));
  TokenizerSpec spec = tiny_vocabulary();
  spec.eos_extra = {3, -1};
  EXPECT_EQ(refusal(spec), "tokenizer: the further eos id -1 is outside the 268 tokens");
}

TEST(TokenizerCreate, RefusesTheSameTextTwice) {
  TokenizerSpec spec = tiny_vocabulary();
  add_token(spec, "he", TokenKind::normal);
  EXPECT_EQ(refusal(spec), "tokenizer: tokens 256 and 268 have the same text 'he'");
  spec = tiny_vocabulary();
  add_token(spec, "<think>", TokenKind::control);
  EXPECT_THAT(refusal(spec), HasSubstr("have the same text '<think>'"));
  spec = tiny_vocabulary();
  add_token(spec, "he", TokenKind::control);  // of another kind: the special one is cut out first
  add_token(spec, "[PAD]", TokenKind::unused);
  EXPECT_EQ(refusal(spec), "accepted");
}

TEST(TokenizerCreate, RefusesVocabulariesThatAreNotOfBytes) {
  TokenizerSpec spec = tiny_vocabulary();
  spec.kinds['a'] = TokenKind::unused;
  EXPECT_EQ(refusal(spec), "tokenizer: no token for the byte 0x61 ('a')");
  spec = tiny_vocabulary();
  spec.tokens[0x80] = "nothing";
  EXPECT_THAT(refusal(spec), HasSubstr("no token for the byte 0x80"));
  spec = tiny_vocabulary();
  add_token(spec, "<0x0A>", TokenKind::byte);
  EXPECT_EQ(refusal(spec), "tokenizer: token 268 '<0x0A>' is of SentencePiece's byte kind");
}

TEST(TokenizerCreate, RefusesBadMerges) {
  const auto with = [](const std::string& merge) {
    TokenizerSpec spec = tiny_vocabulary();
    spec.merges.push_back(merge);
    return spec;
  };
  for (const char* merge : {"", " ", "a", "a ", " a", "a b c", "a  b"}) {
    EXPECT_THAT(refusal(with(merge)), HasSubstr("is not two tokens and a space between")) << merge;
  }
  EXPECT_EQ(refusal(with("nope a")),
            "tokenizer: merge 6 'nope a' needs 'nope', which is not in the vocabulary");
  EXPECT_THAT(refusal(with("a nope")), HasSubstr("needs 'nope'"));
  EXPECT_THAT(refusal(with("a b")), HasSubstr("needs 'ab'"));
  EXPECT_EQ(refusal(with("h e")), "tokenizer: merge 6 'h e' occurs twice");
  EXPECT_THAT(refusal(with("\x1B[31m\nx y")), HasSubstr("needs"));
}

TEST(TokenizerCreate, TwoWaysToTheSameTokenAreNoCycle) {
  TokenizerSpec spec = tiny_vocabulary();
  add_merge(spec, "e", "ll");
  add_merge(spec, "h", "ell");
  EXPECT_THAT(make(spec).encode("hello", false), ElementsAre(259));
}

// ---- encode and decode ----

TEST(Tokenizer, MergesByRankLeftmostFirst) {
  TokenizerSpec spec = tiny_vocabulary();
  add_merge(spec, "a", "a");  // 268
  const Tokenizer tokenizer = make(spec);
  EXPECT_THAT(tokenizer.encode("hello world", false), ElementsAre(259, 260, 'o', 'r', 'l', 'd'));
  EXPECT_THAT(tokenizer.encode("aaaaa", false), ElementsAre(268, 268, 'a'));
  EXPECT_THAT(tokenizer.encode("", true), IsEmpty());
}

TEST(Tokenizer, IgnoreMergesTakesWholePieces) {
  TokenizerSpec spec = tiny_vocabulary();
  add_token(spec, "xyz", TokenKind::normal);  // 268, which no merge makes
  EXPECT_THAT(make(spec).encode("xyz", false), ElementsAre('x', 'y', 'z'));
  spec.ignore_merges = true;
  EXPECT_THAT(make(spec).encode("xyz", false), ElementsAre(268));
  EXPECT_THAT(make(spec).encode("xyzz", false), ElementsAre('x', 'y', 'z', 'z'));
}

TEST(Tokenizer, CutsSpecialsOutLongestFirst) {
  const Tokenizer tokenizer = make(tiny_vocabulary());
  const TokenId s = tokenizer.find("<s>");
  const TokenId ss = tokenizer.find("<s><s>");
  const TokenId think = tokenizer.find("<think>");
  EXPECT_THAT(tokenizer.encode("<s><s><s>hello<think>", true), ElementsAre(ss, s, 259, think));
  EXPECT_THAT(tokenizer.encode("<s><think>", false), ElementsAre('<', 's', '>', think));
  EXPECT_THAT(tokenizer.encode("<s<s>", true), ElementsAre('<', 's', s));
  EXPECT_THAT(tokenizer.encode("[PAD]", true), ElementsAre('[', 'P', 'A', 'D', ']'));
}

TEST(Tokenizer, ControlTokensAreShownOnRequest) {
  const Tokenizer tokenizer = make(tiny_vocabulary());
  const TokenId pad = tokenizer.vocab_size() - 1;
  std::vector<TokenId> ids = tokenizer.encode("<s>hello</think>", true);
  ids.push_back(pad);
  EXPECT_EQ(tokenizer.decode(ids), "hello</think>");
  EXPECT_EQ(tokenizer.decode(ids, true), "<s>hello</think>[PAD]");
  EXPECT_EQ(tokenizer.token_bytes(ids[0]), "<s>");
}

TEST(Tokenizer, SaysWhatIdsAre) {
  TokenizerSpec spec = tiny_vocabulary();
  spec.eos_extra = {spec.bos};
  const Tokenizer tokenizer = make(spec);
  EXPECT_TRUE(tokenizer.is_end(spec.eos));
  EXPECT_TRUE(tokenizer.is_end(spec.bos));
  EXPECT_FALSE(tokenizer.is_end(0));
  EXPECT_TRUE(tokenizer.is_control(spec.bos));
  EXPECT_FALSE(tokenizer.is_control(tokenizer.find("<think>")));
  EXPECT_TRUE(tokenizer.valid(267));
  EXPECT_FALSE(tokenizer.valid(268));
  EXPECT_FALSE(tokenizer.valid(-1));
  EXPECT_EQ(tokenizer.find("hello"), 259);
  EXPECT_EQ(tokenizer.find("\n"), '\n');
  EXPECT_EQ(tokenizer.find("hallo"), -1);
  EXPECT_EQ(tokenizer.find(""), -1);
}

TEST(Tokenizer, InvalidUtf8IsEncodedBytewise) {
  const Tokenizer tokenizer = make(tiny_vocabulary());
  EXPECT_THAT(tokenizer.encode("hello\xC3\xFFhello", false), ElementsAre(259, 0xC3, 0xFF, 259));
  EXPECT_THAT(tokenizer.encode("\xC3", false), ElementsAre(0xC3));
  EXPECT_THAT(tokenizer.encode("\xC3\xA9", false), ElementsAre(261));
}

TEST(Tokenizer, LeavesBytesWithoutATokenOut) {
  TokenizerSpec spec = tiny_vocabulary();
  spec.kinds[0x04] = TokenKind::unused;
  spec.kinds[0xFF] = TokenKind::unused;
  const Tokenizer tokenizer = make(spec);
  EXPECT_THAT(tokenizer.bytes_without_token(), ElementsAre(0x04, 0xFF));
  EXPECT_THAT(tokenizer.encode("!\x04!\xFF", false), ElementsAre('!', '!'));
  EXPECT_THAT(make(tiny_vocabulary()).bytes_without_token(), IsEmpty());
}

TEST(Tokenizer, NormalTokensOutsideTheAlphabetStandForTheirText) {
  TokenizerSpec spec = tiny_vocabulary();
  const TokenId id = add_token(spec, "\xE6\x96\x87 ", TokenKind::normal);
  EXPECT_EQ(make(spec).decode({&id, 1}), "\xE6\x96\x87 ");
}

TEST(Tokenizer, NfcOnlyWhenTheSpecAsks) {
  TokenizerSpec spec = tiny_vocabulary();
  add_token(spec, "e\xCC\x81", TokenKind::user_defined);
  spec.tokens.back() = "<e\xCC\x81>";
  const TokenId special = static_cast<TokenId>(spec.tokens.size()) - 1;
  EXPECT_THAT(make(spec).encode("e\xCC\x81", false), ElementsAre('e', 0xCC, 0x81));
  spec.nfc = true;
  const Tokenizer tokenizer = make(spec);
  EXPECT_THAT(tokenizer.encode("e\xCC\x81", false), ElementsAre(261));
  EXPECT_THAT(tokenizer.encode("<e\xCC\x81>e\xCC\x81\xFF", false),
              ElementsAre(special, 261, 0xFF));  // specials are found before, bytes stay
}

TEST(Tokenizer, RoundTripOfRandomBytes) {
  std::mt19937 random(1);
  for (const PreTokenizer kind : kAll) {
    const Tokenizer tokenizer = make(tiny_vocabulary(kind));
    for (int i = 0; i < 2000; ++i) {
      const std::string text = random_bytes(random);
      for (const bool parse_special : {false, true}) {
        const auto ids = tokenizer.encode(text, parse_special);
        ASSERT_EQ(tokenizer.decode(ids, true), text);
      }
      const auto plain = tokenizer.encode(text, false);
      ASSERT_EQ(tokenizer.decode(plain), text);
      ASSERT_EQ(streamed(tokenizer, plain), text);
    }
  }
}

TEST(Tokenizer, RoundTripGivesNfcWhenNormalising) {
  TokenizerSpec spec = tiny_vocabulary();
  spec.nfc = true;
  const Tokenizer tokenizer = make(spec);
  std::mt19937 random(2);
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (auto n = random() % 12; n > 0; --n) {
      constexpr char32_t kStarts[] = {0x20, 0xC0, 0x300, 0x1100, 0x1160, 0xAC00, 0x2126, 0x1F71};
      const char32_t c = kStarts[random() % 8] + random() % 0x50;
      if (c != 0x11A7) append_utf8(text, c);  // which utf8proc's own NFC loses
    }
    const auto ids = tokenizer.encode(text, false);
    ASSERT_EQ(tokenizer.decode(ids), utf8proc_nfc(text));
  }
}

TEST(Nfc, KeepsTheJamoBeforeTheTrailingOnes) {
  EXPECT_EQ(to_nfc("\u1100\u1161\u11A7\u11A7\u1100\u1161\u11A8"), "\uAC00\u11A7\u11A7\uAC01");
  EXPECT_EQ(to_nfc("\uAC1C\u11A7"), "\uAC1C\u11A7");
  EXPECT_EQ(to_nfc("\u11A7"), "\u11A7");
}

TEST(Nfc, LongRunsOfMarksAreOrderedInGoodTime) {
  // Alternating classes 230 and 220: the quadratic way takes 10^11 steps here.
  std::string text = "a";
  std::string ordered = "a";
  constexpr int kPairs = 300'000;
  for (int i = 0; i < kPairs; ++i) text += "\xCC\x95\xCC\x9C";
  for (int i = 0; i < kPairs; ++i) ordered += "\xCC\x9C";
  for (int i = 0; i < kPairs; ++i) ordered += "\xCC\x95";
  EXPECT_EQ(to_nfc(text), ordered);
  EXPECT_FALSE(needs_nfc("na\xC3\xAFve \xCB\xBF"));
  EXPECT_TRUE(needs_nfc("\xCC\x80"));
}

TEST(Tokenizer, OneLongPieceIsNotQuadratic) {
  TokenizerSpec spec = tiny_vocabulary();
  std::string token = "a";
  for (int i = 0; i < 6; ++i, token += token) add_merge(spec, token, token);
  const Tokenizer tokenizer = make(spec);
  const std::string text(4'000'000, 'a');
  const auto ids = tokenizer.encode(text, false);
  EXPECT_EQ(ids.size(), text.size() / 64);
  EXPECT_EQ(tokenizer.decode(ids), text);
}

TEST(Tokenizer, ThreadsShareOneTokenizer) {
  const Tokenizer tokenizer = make(tiny_vocabulary());
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "hello world <think> e\xCC\x81 12 \xFF";
  const auto expected = tokenizer.encode(text, true);
  std::vector<std::vector<TokenId>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&] { result = tokenizer.encode(text, true); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

// ---- streaming ----

TEST(StreamDecoder, NeverSplitsACharacter) {
  TokenizerSpec spec = tiny_vocabulary();
  const TokenId tail_and_head = add_token(spec, to_alphabet("\x99!\xF0\x9F"), TokenKind::normal);
  const Tokenizer tokenizer = make(spec);
  StreamDecoder decoder(tokenizer);
  EXPECT_EQ(decoder.push(0xF0), "");
  EXPECT_EQ(decoder.push(0x9F), "");
  EXPECT_EQ(decoder.push(0xA6), "");
  EXPECT_EQ(decoder.push(spec.bos), "");  // shows nothing, changes nothing
  EXPECT_EQ(decoder.push(tail_and_head), "\xF0\x9F\xA6\x99!");
  EXPECT_EQ(decoder.push(0xA6), "");
  EXPECT_EQ(decoder.finish(), "\xF0\x9F\xA6");
  EXPECT_EQ(decoder.finish(), "");
  EXPECT_EQ(decoder.push('x'), "x");
}

TEST(StreamDecoder, PassesOnWhatCannotBecomeACharacter) {
  const Tokenizer tokenizer = make(tiny_vocabulary());
  StreamDecoder decoder(tokenizer);
  EXPECT_EQ(decoder.push(0xFF), "\xFF");
  EXPECT_EQ(decoder.push(0xE2), "");
  EXPECT_EQ(decoder.push('a'),
            "\xE2"
            "a");
  EXPECT_EQ(decoder.push(0xED), "");
  EXPECT_EQ(decoder.push(0xA0), "\xED\xA0");  // would be a surrogate
  EXPECT_EQ(decoder.push(0xE2), "");
  EXPECT_EQ(decoder.push(0xC3), "\xE2");
  EXPECT_EQ(decoder.push(0xA9), "\xC3\xA9");
}

}  // namespace
}  // namespace assay
