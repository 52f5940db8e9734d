// Each kind of damage breaks its own component and no other; harmless edits break none. On own
// chains, and on real ones where the outside data is there.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/json_access.h"
#include "evals/chain/answers.h"
#include "evals/chain/chain.h"
#include "evals/common/extract_answer.h"
#include "tests/support/test_data.h"

namespace assay::chain {
namespace {

struct Sample {
  std::string text;
  std::string prompt;
  StopReason stop = StopReason::eos;
};

ChainAnalysis analysis_of(const Sample& sample) {
  ChainInput input;
  input.thinking = true;
  input.text = sample.text;
  input.prompt = sample.prompt;
  input.stop = sample.stop;
  const ByteSpan zone = layout_of(sample.text, true).answer;
  const auto answer = evals::extract_answer(slice(sample.text, zone));
  if (answer) {
    input.answer = ByteSpan{zone.begin + answer->begin, zone.begin + answer->end};
    input.answer_parses = true;
    input.answer_value = answer->text;
  }
  return analyse(input);
}

using Names = std::set<std::string>;

Names broken(const Sample& sample) {
  Names out;
  const ChainAnalysis analysis = analysis_of(sample);
  for (const auto& [name, component] : components_of(analysis)) {
    if (component->ok == false) out.insert(name);
  }
  return out;
}

std::string joined(const Names& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

/// A mutation of a sample, or nothing where the sample has no place for it.
using Mutation = std::optional<Sample> (*)(const Sample&);

std::optional<Sample> delete_close_tag(const Sample& sample) {
  Sample out = sample;
  const std::size_t at = out.text.find("</think>");
  if (at == std::string::npos) return std::nullopt;
  out.text.erase(at, 8);
  return out;
}

template <int Percent>
std::optional<Sample> cut(const Sample& sample) {
  Sample out = sample;
  out.text.resize(out.text.size() * Percent / 100);
  while (!out.text.empty() && (static_cast<unsigned char>(out.text.back()) & 0x80U) != 0) {
    out.text.pop_back();
  }
  out.stop = StopReason::length;
  return out;
}

/// The last paragraph of the thinking part that has at least 30 words, 12 times more.
std::optional<Sample> loop(const Sample& sample) {
  const std::size_t close = sample.text.find("</think>");
  std::size_t end = sample.text.find_last_not_of('\n', close - 1) + 1;
  while (end > 0) {
    const std::size_t gap = sample.text.rfind("\n\n", end - 1);
    const std::size_t begin = gap == std::string::npos ? 0 : gap + 2;
    const std::string paragraph = sample.text.substr(begin, end - begin);
    if (std::count(paragraph.begin(), paragraph.end(), ' ') >= 30) {
      Sample out = sample;
      std::string more;
      for (int i = 0; i < 12; ++i) more += "\n\n" + paragraph;
      out.text.insert(end, more);
      return out;
    }
    if (gap == std::string::npos) break;
    end = gap;
  }
  return std::nullopt;
}

/// The last digit of the first sound equation of the thinking part's first half, made another one.
std::optional<Sample> change_digit(const Sample& sample) {
  const ChainAnalysis analysis = analysis_of(sample);
  for (const Claim& claim : analysis.arithmetic.claims) {
    if (claim.verdict != ClaimVerdict::holds || claim.span.end > analysis.layout.thinking.end / 2) {
      continue;
    }
    const char digit = sample.text[claim.span.end - 1];
    if (digit < '0' || digit > '9') continue;
    // An approximate result may be off by one.
    if (slice(sample.text, claim.span).find_first_of(".\\") != std::string_view::npos) continue;
    Sample out = sample;
    out.text[claim.span.end - 1] = static_cast<char>('0' + (digit - '0' + 4) % 10);
    return out;
  }
  return std::nullopt;
}

std::optional<Sample> swap_boxed(const Sample& sample) {
  const Layout layout = layout_of(sample.text, true);
  const auto boxes = boxed_values(sample.text, layout.answer);
  if (boxes.size() != 1) return std::nullopt;
  // "= \boxed{5}" is an equation as well: another damage.
  const std::size_t before = sample.text.find_last_not_of(" \n{$\\boxed", boxes[0].begin - 1);
  if (before != std::string::npos && sample.text[before] == '=') return std::nullopt;
  Sample out = sample;
  out.text.replace(boxes[0].begin, boxes[0].end - boxes[0].begin, "987654");
  return out;
}

std::optional<Sample> insert_chinese(const Sample& sample) {
  Sample out = sample;
  const std::size_t at = out.text.find("\n\n");
  if (at == std::string::npos) return std::nullopt;
  // "Therefore we first compute this value."
  out.text.insert(at,
                  " \xE5\x9B\xA0\xE6\xAD\xA4\xE6\x88\x91\xE4\xBB\xAC\xE5\x85\x88\xE8\xAE\xA1"
                  "\xE7\xAE\x97\xE8\xBF\x99\xE4\xB8\xAA\xE5\x80\xBC\xE3\x80\x82");
  return out;
}

/// All of the thinking part but its last step goes.
std::optional<Sample> remove_steps(const Sample& sample) {
  const ChainAnalysis analysis = analysis_of(sample);
  const Step last = analysis.steps.back();
  if (analysis.steps.size() < 2) return std::nullopt;
  Sample out = sample;
  out.text.erase(analysis.layout.thinking.begin, last.span.begin - analysis.layout.thinking.begin);
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::optional<Sample> more_blanks(const Sample& sample) {
  Sample out = sample;
  out.text = replaced(replaced(sample.text, " ", "  "), "\n\n", "\n\n\n");
  return out;
}

std::optional<Sample> other_fractions(const Sample& sample) {
  Sample out = sample;
  out.text = replaced(sample.text, "\\frac", "\\dfrac");
  return out;
}

std::optional<Sample> other_connectives(const Sample& sample) {
  Sample out = sample;
  out.text = replaced(replaced(replaced(sample.text, "So,", "Therefore,"), "So ", "Thus "), "Next,",
                      "Then,");
  return out;
}

struct Row {
  const char* name;
  Mutation mutate;
  const char* breaks;  ///< "" for a harmless edit
};

constexpr std::array<Row, 12> rows = {{{"delete </think>", delete_close_tag, "C1"},
                                       {"cut at 25 %", cut<25>, "C2"},
                                       {"cut at 50 %", cut<50>, "C2"},
                                       {"cut at 75 %", cut<75>, "C2"},
                                       {"loop", loop, "C3"},
                                       {"change a digit", change_digit, "C7"},
                                       {"swap the boxed value", swap_boxed, "C8"},
                                       {"Chinese sentence", insert_chinese, "C9"},
                                       {"remove steps", remove_steps, "C6"},
                                       {"more blanks", more_blanks, ""},
                                       {"\\dfrac", other_fractions, ""},
                                       {"connectives", other_connectives, ""}}};

/// What a mutation may break: its own component; a cut through the thinking part also loses the
/// tag.
bool is_expected(const Row& row, const Sample& mutated, const std::string& name) {
  if (name == row.breaks) return true;
  return name == "C1" && std::string(row.breaks) == "C2" &&
         mutated.text.find("</think>") == std::string::npos;
}

const char* const own_chain =
    "<think>\nA baker packs rolls into boxes of 12, and there are 17 boxes on the shelf today, "
    "which "
    "is what we start with.\n\n"
    "First the rolls on the shelf: 12 * 17 = 204. That is one number we need in the sequel.\n\n"
    "Next, 45 rolls are sold in the morning and 59 more are sold in the afternoon, so 45 + 59 = "
    "104 "
    "rolls are gone by the evening of that same day, which leaves the others on the shelf.\n\n"
    "So the rest is 204 - 104 = 100 rolls, or in boxes a little more than 8, as $\\frac{100}{12}$ "
    "says, but the question asks for single rolls and for nothing else besides them.\n</think>\n\n"
    "The baker still has $\\boxed{100}$ rolls.\n";

TEST(Mutations, EachBreaksItsOwnComponentOnOwnText) {
  const Sample own{own_chain, "How many rolls does the baker have left at the end of the day?"};
  EXPECT_EQ(joined(broken(own)), "");
  EXPECT_EQ(analysis_of(own).strictly_complete, true);
  for (const Row& row : rows) {
    const auto mutated = row.mutate(own);
    ASSERT_TRUE(mutated) << row.name;
    const Names names = broken(*mutated);
    EXPECT_TRUE(*row.breaks == '\0' || names.contains(row.breaks)) << row.name;
    for (const std::string& name : names) {
      // A quarter of a short chain is one step.
      if (name == "C6" && std::string(row.name) == "cut at 25 %") continue;
      EXPECT_TRUE(is_expected(row, *mutated, name)) << row.name << " breaks " << name;
    }
  }
}

/// A sound chain of 4 to 9 steps, each its own calculation in its own words; its answer is the last
/// result. The same for the same seed on every machine.
Sample generated(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](std::uint32_t n) { return static_cast<int>(random() % n); };
  constexpr std::array<const char*, 12> words = {"basket", "market", "garden", "bridge",
                                                 "window", "ladder", "river",  "castle",
                                                 "needle", "harbor", "meadow", "lantern"};
  const auto word = [&] { return words[static_cast<std::size_t>(pick(words.size()))]; };
  const auto prose = [&](int n) {
    std::string out;
    for (int i = 0; i < n; ++i)
      out += fmt::format("{}{} ", i % 3 == 2 ? "and the " : "near the ", word());
    return out;
  };
  std::string text = "<think>\nWe begin with what we know about the " + prose(6) + "here.\n\n";
  int value = 10 + pick(90);
  const int steps = 4 + pick(6);
  for (int i = 0; i < steps; ++i) {
    const int other = 2 + pick(40);
    const int kind = pick(3);
    const int result = kind == 0 ? value + other : kind == 1 ? value * other : value - other;
    const char sign = "+*-"[kind];
    const bool latex = pick(2) == 0;
    const std::string claim =
        latex ? fmt::format("${} {} {} = {}$", value,
                            sign == '*' ? "\\times" : std::string(1, sign), other, result)
              : fmt::format("{} {} {} = {}", value, sign, other, result);
    text += fmt::format("So we look {}where {} holds, {}as was said about the {} before.\n\n",
                        prose(7), claim, prose(6), word());
    value = result > 100'000 || result < 1 ? 10 + pick(90) : result;
    if (value != result) text += fmt::format("We turn to {} instead {}now.\n\n", value, prose(3));
  }
  text += fmt::format("Hence what we look for is {}, {}as asked.\n</think>\n\n", value, prose(3));
  text += fmt::format("The value is $\\boxed{{{}}}$.\n", value);
  return {text, "What is the value that they find near the market in the end?"};
}

TEST(Mutations, EachBreaksItsOwnComponentOfGeneratedChains) {
  std::map<std::string, int> tried;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const Sample sample = generated(seed);
    ASSERT_EQ(joined(broken(sample)), "") << seed << "\n" << sample.text;
    for (const Row& row : rows) {
      const auto mutated = row.mutate(sample);
      if (!mutated) continue;
      ++tried[row.name];
      const Names names = broken(*mutated);
      ASSERT_TRUE(*row.breaks == '\0' || names.contains(row.breaks))
          << row.name << " of " << seed << "\n"
          << mutated->text;
      for (const std::string& name : names) {
        if (name == "C6" && std::string(row.name) == "cut at 25 %") continue;
        ASSERT_TRUE(is_expected(row, *mutated, name))
            << row.name << " of " << seed << " breaks " << name << "\n"
            << mutated->text;
      }
    }
  }
  for (const Row& row : rows) EXPECT_GT(tried[row.name], 100) << row.name;
}

/// The real chains of the 1.5B on GSM8K that are strictly complete and whose arithmetic holds.
std::vector<Sample> real_chains(const std::filesystem::path& path) {
  std::vector<Sample> out;
  const nlohmann::json file = nlohmann::json::parse(testing::read_gzip(path));
  for (const nlohmann::json& task : json_list(file, "tasks")) {
    const Sample sample{json_text(json_member(task, "model_answers"), "thinking_model"),
                        json_text(task, "question")};
    const ChainAnalysis analysis = analysis_of(sample);
    if (analysis.strictly_complete == true && analysis.c7_arithmetic.ok == true) {
      out.push_back(sample);
    }
  }
  return out;
}

TEST(Mutations, TheSensitivityMatrixOfRealChainsIsNearDiagonal) {
  ASSAY_REQUIRE_TEST_DATA(path,
                          "data/generations/r1_distill_interp/"
                          "hybrid__results__benchmark_results_qwen2.5-math-1.5b_gsm8k.json.gz");
  const std::vector<Sample> samples = real_chains(path);
  ASSERT_GT(samples.size(), 50U);
  fmt::print("{} real chains, strictly complete; share of mutated ones in which a part is broken\n",
             samples.size());
  for (const Row& row : rows) {
    std::map<std::string, int> counts;
    int n = 0;
    int unexpected = 0;
    for (const Sample& sample : samples) {
      const auto mutated = row.mutate(sample);
      if (!mutated) continue;
      ++n;
      bool other = false;
      for (const std::string& name : broken(*mutated)) {
        ++counts[name];
        const bool early_cut = name == "C6" && std::string(row.breaks) == "C2";
        other = other || (!is_expected(row, *mutated, name) && !early_cut);
      }
      unexpected += other ? 1 : 0;
    }
    std::string line;
    for (const auto& [name, count] : counts) line += fmt::format(" {} {}/{}", name, count, n);
    fmt::print("  {:<22} n={:<4} breaks{}\n", row.name, n, line.empty() ? " nothing" : line);
    ASSERT_GT(n, 0) << row.name;
    EXPECT_TRUE(*row.breaks == '\0' || counts[row.breaks] >= n * 95 / 100) << row.name;
    EXPECT_LE(unexpected, n * 3 / 100) << row.name;
  }
}

}  // namespace
}  // namespace assay::chain
