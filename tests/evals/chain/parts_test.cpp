// The parts behind C3 on text, C6, C8, C9 and C10: layout, steps, language, answers.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "evals/chain/answers.h"
#include "evals/chain/chain.h"
#include "evals/chain/language.h"
#include "evals/chain/layout.h"
#include "evals/chain/pseudo_tokens.h"
#include "evals/chain/regions.h"
#include "evals/chain/steps.h"
#include "evals/chain/thresholds.h"

namespace assay::chain {
namespace {

ByteSpan all(const std::string& text) {
  return {0, text.size()};
}

std::vector<std::string> steps(const std::string& text) {
  std::vector<std::string> out;
  for (const Step& step : steps_of(text, all(text))) out.emplace_back(slice(text, step.span));
  return out;
}

TEST(Regions, ProseMathAndCode) {
  const std::string text = "a $x$ costs $5 and $6, `y`\n```\nz\n``` \\[w\\] end";
  std::string kinds;
  std::size_t end = 0;
  for (const Region& region : regions_of(text)) {
    kinds += region.kind == RegionKind::prose ? 'p' : region.kind == RegionKind::math ? 'm' : 'c';
    EXPECT_EQ(region.span.begin, end);
    end = region.span.end;
  }
  EXPECT_EQ(kinds, "pmpcpcpmp");
  EXPECT_EQ(end, text.size());
}

TEST(Layout, KnowsTheTagsOfSeveralModels) {
  const std::string r1 = "<think>a</think>b";
  EXPECT_EQ(slice(r1, layout_of(r1, true).thinking), "a");
  EXPECT_EQ(slice(r1, layout_of(r1, true).answer), "b");
  const std::string inside = "a</think>b";  // the prompt ended with the opening tag
  EXPECT_EQ(slice(inside, layout_of(inside, true).thinking), "a");
  const std::string sky =
      "<|begin_of_thought|>\na\n<|end_of_thought|>\n<|begin_of_solution|>b<|end_of_solution|>";
  EXPECT_EQ(slice(sky, layout_of(sky, true).thinking), "\na\n");
  EXPECT_EQ(slice(sky, layout_of(sky, true).answer), "b");
  const std::string open = "<think>a b c";
  EXPECT_TRUE(layout_of(open, true).unclosed);
  EXPECT_EQ(slice(open, layout_of(open, true).thinking), "a b c");
  EXPECT_TRUE(layout_of("a b c", true).unclosed);
  EXPECT_FALSE(layout_of("a b c", false).unclosed);
  EXPECT_TRUE(without_end_tokens("12.<|im_end|>\n").ended);
}

TEST(Steps, EveryKindOfMarkerIsOne) {
  // "Step one: ...", "step 2: ...", in Chinese; "the first day" is none.
  EXPECT_EQ(steps("\xE7\xAC\xAC\xE4\xB8\x80\xE6\xAD\xA5:a\n\xE6\xAD\xA5\xE9\xAA\xA4 2: "
                  "b\n\xE7\xAC\xAC\xE5\x8D\x81\xE4\xBA\x8C\xE6\xAD\xA5: c")
                .size(),
            3U);
  EXPECT_EQ(steps("\xE7\xAC\xAC\xE4\xB8\x80\xE5\xA4\xA9:a\nb").size(), 1U);
  EXPECT_EQ(steps("one\n\ntwo\n\nthree").size(), 3U);
  EXPECT_EQ(steps("[STEP] one\ntwo [STEP] three").size(), 2U);
  EXPECT_EQ(steps("Step 1: add\nStep 2: divide").size(), 2U);
  EXPECT_EQ(steps("**Step 1:** add\n**Step 2:** divide").size(), 2U);
  EXPECT_EQ(steps("1. add\n2. divide\n3) stop").size(), 3U);
  EXPECT_EQ(steps("- add\n- divide").size(), 2U);
  EXPECT_EQ(steps("all in one go").size(), 1U);
  EXPECT_TRUE(steps(" \n\n ---\n\n").empty());
}

TEST(Steps, HeadingsAndFormulasBelongToTheirStep) {
  EXPECT_EQ(steps("### Plan\n\nAdd up.\n\nThen divide.").size(), 2U);
  EXPECT_EQ(steps("We add:\n\n\\[ 1 + 2\n\n= 3 \\]\n\nwhich is odd.\n\nDone.").size(), 2U);
  EXPECT_EQ(steps("Code:\n```\na\n\nb\n```\nEnd").size(), 1U);
  const std::string text = "Step 2: a\n\nStep 5: b";
  const auto found = steps_of(text, all(text));
  EXPECT_EQ(found[0].number, 2U);
  EXPECT_EQ(found[1].number, 5U);
}

TEST(Language, TheThresholdIsASharePlusALongestStretch) {
  const std::string prompt = "How many apples are left?";
  const std::string latin(190, 'a');
  EXPECT_FALSE(language_of(prompt, latin).mixed);
  std::string sprinkled;
  for (int i = 0; i < 19; ++i) sprinkled += "aaaaaaaaaa";
  for (int i = 0; i < 5; ++i)
    sprinkled +=
        "\xE4\xB8\xAD"
        "a";
  EXPECT_FALSE(language_of(prompt, sprinkled).mixed);
  const std::string sentence =
      "\xE6\x89\x80\xE4\xBB\xA5\xE7\xAD\x94\xE6\xA1\x88\xE6\x98\xAF\xE5\x8D\x81";
  const auto mixed = language_of(prompt, std::string(5000, 'a') + sentence);
  EXPECT_TRUE(mixed.mixed);
  EXPECT_EQ(mixed.longest_run, 6U);
  EXPECT_EQ(mixed.run.begin, 5000U);
}

TEST(Language, FormulasCodeAndGreekSymbolsAreNoLanguage) {
  const std::string prompt = "Find the angle.";
  EXPECT_FALSE(language_of(prompt, "The angle \xCE\xB1 is 2\xCF\x80/3 so \xCE\xB2 = 1").mixed);
  EXPECT_EQ(language_of(prompt, "ab $\xCE\xB1\xCE\xB2\xCE\xB3 x$ `code` \\boxed{c}").letters, 3U);
  EXPECT_TRUE(language_of("\xE6\xB1\x82\xE8\xA7\xA3", "We solve it in plain English words.").mixed);
  EXPECT_FALSE(language_of("", "12 + 5").dominant);
  // Tags and [STEP] are no letters: "the total", in Chinese.
  const std::string chinese = "\xE4\xB8\x80\xE5\x85\xB1\xE6\x9C\x89\xE5\xA4\x9A\xE5\xB0\x91";
  const auto tagged = language_of(chinese, "<think>\n[STEP]" + chinese + "\n</think><|im_end|>");
  EXPECT_FALSE(tagged.mixed);
  EXPECT_EQ(tagged.foreign, 0U);
}

TEST(Answers, AValueOfTheChainsEndIsFound) {
  const std::string filler(400, 'z');
  const auto found = [&](const std::string& end, const std::string& answer) {
    const std::string text = filler + "\n" + end;
    return answer_from_chain(text, all(text), answer).ok == true;
  };
  EXPECT_TRUE(found("so x = 12 apples", "12"));
  EXPECT_TRUE(found("so $x = \\dfrac{3}{4}$", "\\frac{3}{4}"));
  EXPECT_TRUE(found("it costs $1,250.", "1250"));
  EXPECT_TRUE(found("the shape is a Hexagon", "\\text{hexagon}"));
  EXPECT_TRUE(found("we get $(3, 4)$", "(3,4)"));
  EXPECT_TRUE(found("so x = 2 or x = 3.", "2, 3"));
  EXPECT_TRUE(found("so the length is 2\u221A3 then", "2\\sqrt{3}"));
  EXPECT_TRUE(found("the function is f(x) = x^2 + 1, of course", "x^2+1"));
  EXPECT_TRUE(found("they meet at (3, -4) alone", "(3,-4)"));
  EXPECT_TRUE(found("there are twelve of them", "12"));
  EXPECT_TRUE(found("Step 6: the sum is 6 + 1 = 7", "7"));
  EXPECT_FALSE(found("Step 6: the sum is seven", "6"));
  EXPECT_FALSE(found("6. The sum is seven", "6"));
  EXPECT_TRUE(found("The sum is 6.", "6"));
  EXPECT_FALSE(found("so x = 13 apples", "12"));
  EXPECT_FALSE(found("there are hexagons", "\\text{hexagon}"));
  const std::string early = "x = 12\n" + filler + "\nand so on";
  EXPECT_FALSE(*answer_from_chain(early, all(early), "12").ok);
}

TEST(Answers, AFenceThatClosesInTheChainsEndOpenedBefore) {
  std::string text = "We count.\n\n```python\n";
  for (int i = 0; i < 40; ++i) text += fmt::format("x{} = {}\n", i, i * i);
  text += "```\n\nSo it is 4242.";
  EXPECT_TRUE(*answer_from_chain(text, all(text), "4242").ok);
  EXPECT_FALSE(*answer_from_chain(text, all(text), "1521").ok) << "code states nothing";
}

TEST(Answers, APlainChainIsSearchedBeforeItsAnswer) {
  ChainInput input;
  const std::string text =
      "First, she has 12 apples.\n\nThen 12 + 5 = 17.\n\nThe answer is \\boxed{17}.";
  input.text = text;
  input.answer_parses = true;
  input.answer = ByteSpan{text.size() - 4, text.size() - 2};
  input.answer_value = "17";
  input.stop = StopReason::eos;
  EXPECT_EQ(analyse(input).c8_answer_from_chain.ok, true);
  EXPECT_EQ(analyse(input).strictly_complete, true);
  input.answer_value = "71";
  EXPECT_EQ(analyse(input).c8_answer_from_chain.ok, false);
}

TEST(Answers, BoxedValuesMustAgree) {
  const auto agree = [](const std::string& text) { return boxed_values_agree(text, all(text)).ok; };
  EXPECT_EQ(agree("no box"), true);
  EXPECT_EQ(agree("\\boxed{12}"), true);
  EXPECT_EQ(agree("\\boxed{12}\nagain \\boxed{12.0}"), true);
  EXPECT_EQ(agree("\\boxed{12}\nno, \\boxed{13}"), false);
  EXPECT_EQ(agree("$\\boxed{2}$ and $\\boxed{3}$"), true);
  EXPECT_EQ(agree("$\\boxed{2}, \\quad \\boxed{3} \\text{ or } \\boxed{4}$"), true);
  EXPECT_EQ(agree("\\boxed{46}. No: \\boxed{45}."), false);
  EXPECT_EQ(agree("\\boxed{46} not \\boxed{45}"), false);
  const std::string nested = "\\boxed{\\frac{1}{\\sqrt{2}}} \\boxed{} \\boxed{3";
  const auto values = boxed_values(nested, all(nested));
  ASSERT_EQ(values.size(), 1U);
  EXPECT_EQ(slice(nested, values[0]), "\\frac{1}{\\sqrt{2}}");
}

/// A paragraph of `words` words that differ from paragraph to paragraph.
std::string paragraph(int n, int words) {
  std::string out;
  for (int i = 0; i < words; ++i) {
    out += "w" + std::string(1, static_cast<char>('a' + (n * 7 + i * 3) % 26)) +
           std::string(1, static_cast<char>('a' + (n + i * i) % 26)) + " ";
  }
  return out + ".\n\n";
}

TEST(TextLoops, RepeatedParagraphsAreFoundInTextAlone) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += paragraph(i, 40);
  EXPECT_FALSE(find_text_loop(text));
  std::string looping = text;
  for (int i = 0; i < 8; ++i) looping += paragraph(3, 40);
  const auto loop = find_text_loop(looping);
  ASSERT_TRUE(loop);
  EXPECT_GE(loop->span.begin, text.size() / 8);
  EXPECT_LE(loop->span.end, looping.size());
}

TEST(TextLoops, LoopsThatChangeALittleAreFound) {
  std::string text;
  for (int i = 0; i < 6; ++i) text += paragraph(i, 40);
  for (int i = 0; i < 8; ++i) {
    text +=
        "Wait, maybe I should think about the number " + std::to_string(i) +
        " again, because the answer is not clear to me yet and I have to look at the other side "
        "of it, as I did before, " +
        paragraph(100 + i, 6);
  }
  const auto loop = find_text_loop(text);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->loop.kind, LoopKind::stale_prose);
}

TEST(TextLoops, ThePeriodsOfADecimalAreOneNumber) {
  const auto expansion = [](int periods) {
    std::string text = "So 1/7 = 0.";
    for (int i = 0; i < periods; ++i) text += "142857";
    return text + "...";
  };
  EXPECT_FALSE(find_text_loop(expansion(20)));
  EXPECT_TRUE(find_text_loop(expansion(200)));
}

TEST(TextLoops, EnumerationsAreNoLoop) {
  std::string cases = "We list all cases one by one.\n\n";
  std::string primes = "Which of them are prime?\n";
  std::string table;
  std::string days = "| day | apples | total |\n|---|---|---|\n";
  for (int i = 0; i < 120; ++i) {
    cases += fmt::format(
        "Case {}: if the first die shows {} and the second shows {}, then the sum is {}, which is "
        "{}.\n",
        i, i % 6 + 1, i / 6 + 1, i % 6 + i / 6 + 2, i % 2 == 0 ? "even" : "odd");
    primes += fmt::format("{} is divisible by {}, so it is not prime.\n", 4 * i + 4, 2 + i % 3);
    table += fmt::format("Row {}, column {}: {} * {} = {}.\n", i / 12, i % 12, i / 12, i % 12,
                         (i / 12) * (i % 12));
    days += fmt::format("| {} | {} | {} |\n", i, 3 * i, 7 * i * i);
  }
  for (const std::string& text : {cases, primes, table, days}) {
    EXPECT_FALSE(find_text_loop(text)) << text.substr(0, 80);
  }
  // A counter alone does not make an enumeration of it.
  std::string counting;
  for (int i = 0; i < 30; ++i) {
    counting += fmt::format(
        "Attempt {}: Hmm, maybe I should look at the other side of the basket once more, because "
        "the weight of the {} apples is not clear to me yet.\n",
        i, i % 2 == 0 ? "red" : "green");
  }
  EXPECT_TRUE(find_text_loop(counting));
}

TEST(TextLoops, ARunOfLettersIsNoWord) {
  std::string text = paragraph(1, 40) + paragraph(2, 40);
  EXPECT_FALSE(find_text_loop(text + "pneumonoultramicroscopicsilicovolcanoconiosis"));
  for (int i = 0; i < 200; ++i) text += "ha";
  EXPECT_TRUE(find_text_loop(text));
}

TEST(TextLoops, ManyLikeCalculationsAreNoLoop) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += paragraph(i, 20);
  for (int i = 1; i < 60; ++i) {
    text += "$" + std::to_string(i) + " \\times 37 = " + std::to_string(37 * i) + "$\n";
  }
  EXPECT_FALSE(find_text_loop(text));
}

}  // namespace
}  // namespace assay::chain
