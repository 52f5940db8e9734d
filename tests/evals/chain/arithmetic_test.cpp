// C7: which equations are checked, which are contradicted, and which are left alone.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "evals/chain/arithmetic/claims.h"

namespace assay::chain {
namespace {

struct Case {
  std::string text;
  std::size_t checked;
  std::size_t contradicted;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const ArithmeticReport report = check_arithmetic(c.text);
    EXPECT_EQ(report.checked, c.checked) << c.text;
    EXPECT_EQ(report.contradicted, c.contradicted)
        << c.text << "\n"
        << (report.claims.empty() ? "" : report.claims.front().why);
  }
}

TEST(Arithmetic, PlainSumsAreChecked) {
  expect_all({{"So 6 * 7 = 42.", 1, 0},
              {"So 6 * 7 = 43.", 1, 1},
              {"We get $17 \\times 24 = 408$ tiles.", 1, 0},
              {"We get $17 \\times 24 = 418$ tiles.", 1, 1},
              {"\\[ \\frac{84}{7} - 5 = 7 \\]", 1, 0},
              {"\\[ \\frac{84}{7} - 5 = 9 \\]", 1, 1},
              {"2^{10} = 1024 and 3^4 = 81", 2, 0},
              {"5! = 120, \\binom{6}{2} = 15, \\sqrt{144} = 12", 3, 0},
              {"1,250 + 750 = 2,000", 1, 0},
              {"1,250 + 750 = 2,100", 1, 1},
              {"3 x 14 = 42", 1, 0},
              {"12 \xC3\x97 11 = 131", 1, 1},
              {"2\xC2\xB3 = 8", 1, 0}});
}

TEST(Arithmetic, ChainsOfEqualitiesAreCheckedPairByPair) {
  expect_all({{"4 + 5 + 6 = 9 + 6 = 15", 2, 0},
              {"4 + 5 + 6 = 9 + 6 = 16", 2, 1},
              {"\\begin{align*} 3 \\cdot 8 &= 24 \\\\ &= 25 - 1 \\end{align*}", 2, 0}});
}

TEST(Arithmetic, MoneyUnitsAndRemarksDoNotGetInTheWay) {
  expect_all({{"The cost is $4.50 * 3 = $13.50.", 1, 0},
              {"The cost is $4.50 * 3 = $14.50.", 1, 1},
              {"5 boxes * 12 pens/box = 60 pens", 1, 0},
              {"5 boxes * 12 pens/box = 70 pens", 1, 1},
              {"$7 (from Monday) + $8 (from Friday) = $15", 1, 0},
              {"3 hours * 60 minutes/hour = 180 minutes", 1, 0},
              {"20% of 50 is 10", 1, 0},
              {"1/3 of 18 = 6", 1, 0},
              {"1/3 of 18 = 5", 1, 1},
              {"100% - 35% = 65%", 1, 0},
              {"18 / 40 = 45%", 1, 0},
              {"18 / 40 * 100 = 45%", 1, 0},
              {"50 cents * 6 = $3", 0, 0}});
}

TEST(Arithmetic, RoundingIsNoContradiction) {
  expect_all({{"4/3 = 1.33", 1, 0},
              {"4/3 \\approx 1.33", 1, 0},
              {"2/3 = 0.66", 1, 0},
              {"4/3 = 1.43", 1, 1},
              {"10/3 = 3.33, so 3.33 * 3 = 10", 2, 0},
              {"1/3 = 0.333...", 1, 0},
              // What fits the decimals shown must be met exactly.
              {"4.20 + 9.45 + 1.35 = 14.99", 1, 1},
              {"2 * 3.14 * 5 = 31.4", 1, 0},
              {"\\sqrt{2} = 1.414", 1, 0},
              {"50 / 12 = 4 full boxes", 0, 0}});
}

TEST(Arithmetic, SurdsAreComparedBeyondDoubt) {
  expect_all({{"\\sqrt{8} = 2\\sqrt{2}", 1, 0},
              {"\\sqrt{8} = 2\\sqrt{3}", 1, 1},
              {"\\frac{1}{\\sqrt{3}} = \\frac{\\sqrt{3}}{3}", 1, 0},
              {"\\sqrt[3]{27} = 3", 1, 0}});
}

TEST(Arithmetic, WhatIsNoArithmeticClaimIsLeftAlone) {
  expect_all({{"x + 5 = 12", 0, 0},
              {"Let n = 7.", 0, 0},
              {"The total in 8 boxes = 8 * 20 pieces", 0, 0},
              {"f(3) = 9 and P(A) = 0.5", 0, 0},
              {"0.\\overline{6} = \\frac{2}{3}", 0, 0},
              {"1 + 2 + \\ldots + 100 = 5050", 0, 0},
              {"5 more than 3 + 4 = 12", 0, 0},
              {"7 + 8 = 3 \\pmod{12}", 0, 0},
              {"In base 5, 3 + 4 = 12.", 0, 0},
              {"It is not true that 2 + 2 = 5.", 0, 0},
              {"Is 2 + 2 = 5?", 0, 0},
              {"The ratio is 3 : 4 = 6 : 8", 0, 0},
              {"```\nx = 2 + 2 == 5\n1 + 1 = 3\n```", 0, 0},
              {"- 3 cats\n- 4 dogs = 4 pets", 0, 0}});
}

TEST(Arithmetic, FunctionsAreEnclosed) {
  expect_all({{"$\\cos 60^\\circ = \\frac{1}{2}$", 1, 0},
              {"$\\tan 30^\\circ = \\sqrt{3}$", 1, 1},
              {"$\\tan 30^\\circ = \\frac{1}{\\sqrt{3}}$", 1, 0},
              {"sin(30) = 0.5", 1, 0},
              {"$\\sin \\frac{\\pi}{6} = \\frac{1}{3}$", 1, 1},
              {"$\\sin^2 45^\\circ = \\frac12$", 1, 0},
              {"$\\sin^2 45^\\circ = \\frac{1}{2}$", 1, 0},
              {"$\\arctan 1 = 45^\\circ$", 1, 0},
              {"$\\arctan 1 = \\frac{\\pi}{4}$", 1, 0},
              {"$30^\\circ = \\frac{\\pi}{6} + 0$", 1, 0},
              {"$\\log_2 32 = 5$", 1, 0},
              {"$\\log_2 32 = 6$", 1, 1},
              {"$\\log 100 = 2$", 1, 0},
              {"$\\ln 100 = 2$", 1, 1},
              {"$\\lfloor -8.8 \\rfloor = -9$", 1, 0},
              {"$\\lceil -8.8 \\rceil = -9$", 1, 1},
              {"$|3 - 8| = 5$", 1, 0},
              {"$|3 - 8| = -5$", 1, 1},
              {"$\\gcd(84, 36) = 12$", 1, 0},
              {"lcm(4, 6) = 24", 1, 1},
              {"C(10, 3) = 120", 1, 0},
              {"C(10, 3) = 110", 1, 1},
              // An argument without brackets before a slash is read in two ways; so are units.
              {"$\\sin \\pi/6 = 0$", 0, 0},
              {"5 sec + 6 sec = 11 sec", 1, 0},
              {"$\\sin^{-1} 1 = 90$", 0, 0}});
}

TEST(Arithmetic, EitherSignMayBeMeant) {
  expect_all({{"3 \\pm 1 = 4", 1, 0},
              {"3 \\pm 1 = 5", 1, 1},
              {"$x = \\frac{6 \\pm \\sqrt{16}}{2} = \\frac{6 \\pm 4}{2}$", 1, 0},
              {"$x = \\frac{6 \\pm \\sqrt{17}}{2} = \\frac{6 \\pm 4}{2}$", 1, 1},
              {"$x = \\frac{6 \\pm \\sqrt{17}}{2} = \\frac{6 \\pm 4.12}{2}$", 1, 0}});
}

TEST(Arithmetic, CongruencesOfIntegers) {
  expect_all({{"$56 \\equiv 6 \\pmod{17}$", 1, 1},
              {"$57 \\equiv 6 \\pmod{17}$", 1, 0},
              {"$2^{10} \\equiv 1024 \\equiv 4 \\pmod 5$", 2, 0},
              {"$n \\equiv 10 \\equiv -3 \\pmod{13}$", 1, 0},
              {"Indeed $164 \\equiv 10 \\pmod{11}$ and $164 \\equiv 10 \\pmod{13}$.", 2, 1},
              {"3^4 \xE2\x89\xA1 2 (mod 5)", 1, 1},
              {"$3x \\equiv 4 \\pmod{5}$", 0, 0},
              {"If $7 \\equiv 3 \\pmod 5$ held, we were done.", 0, 0},
              {"$\\triangle ABC \\equiv \\triangle DEF$", 0, 0},
              {"$7 + 8 = 3 \\pmod{12}$", 0, 0}});
}

TEST(Arithmetic, DisplaysThatGoOnAreOneChain) {
  expect_all({{"\\[ x = 3 \\cdot 8 \\]\n\\[ = 24 \\]", 1, 0},
              {"\\[ x = 3 \\cdot 8 \\]\n\\[ = 25 \\]", 1, 1},
              {"$$= 6 \\cdot 7$$ $$= 43$$", 1, 1},
              {"\\[ 3 \\cdot 8 = 24 \\]\nso\n\\[ y = 25 \\]", 1, 0}});
}

TEST(Arithmetic, EquationsFollowFromEquations) {
  expect_all({{"\\[ 16 + x = 27 \\] Solving for x yields \\[ x = 8 \\]", 1, 1},
              {"\\[ 16 + x = 27 \\] Solving for x yields \\[ x = 11 \\]", 1, 0},
              {"$3x = 10$, so $x = 3.33$", 1, 0},
              {"$x^2 - 3x = 10$. Factoring, we get $(x - 5)(x + 2) = 0$.", 1, 0},
              {"$x^2 - 3x = 1$. Factoring, we get $(x - 1)(x - 3) = 0$.", 1, 1},
              {"$x^2 - 5x + 6 = 0$, so $x = 3$.", 1, 0},
              {"$x^2 - 5x + 6 = 0$, so $x = 4$.", 1, 1},
              {"$x^2 = 10$, so $x = 3.16$.", 1, 0},
              {"$(x - 2)(x - 3) = 0$, so $x - 2 = 0$ or $x - 3 = 0$, so $x = 3$.", 0, 0},
              // Each says something else about x.
              {"We obtain $x^2 + 11x - 8 = 0$, $x^2 + 2x - 8 = 0$.", 0, 0},
              {"$x^2 - 4 = 0$ (1) and $x^2 - 9 = 0$ (2)", 0, 0},
              {"$4 - b = 0$. No, $4 - b = 9$.", 0, 0},
              {"$x + 3 = 5$ in the first case. In the second case $x + 3 = 8$.", 0, 0}});
}

TEST(Arithmetic, ExpansionsAreIdentities) {
  expect_all({{"Expanding, $(x + 3)^2 = x^2 + 6x + 9$.", 1, 0},
              {"Expanding, $(x + 3)^2 = x^2 + 9$.", 1, 1},
              {"We solve $(x + 3)^2 = x^2 + 9$.", 0, 0},
              {"Simplifying the right side of the equation, $(x + 3)^2 = x^2 + 9$.", 0, 0},
              {"$y = (x + 3)^2 - x^2 = 6x + 8$", 1, 1},
              {"$\\frac{n!}{(n-2)!} = n(n-1)$", 1, 0},
              {"$s = \\frac{n!}{(n-2)!} = n(n+1)$", 1, 1},
              {"$t = \\sin 2x + 1 = 2 \\sin x \\cos x + 1$", 1, 0}});
}

TEST(Arithmetic, DefinedFunctionsHaveValues) {
  const std::string f = "Let $f(x) = x^2 - 3x + 1$. ";
  expect_all({{f + "Then $f(4) = 5$.", 1, 0},
              {f + "Then $f(4) = 6$.", 1, 1},
              {f + "Then $f(-x) = x^2 + 3x + 1$.", 1, 0},
              {f + "Then $f(-x) = -x^2 + 3x - 1$.", 1, 1},
              {f + "We need $f(4) = 6$.", 0, 0},
              {f + "If $f(a) = 6$, then $a$ is irrational.", 0, 0},
              {f + "Completing the square gives $f(x) = (x - 1)^2 - x$.", 1, 0},
              {f + "Simplifying, $f(x) = x^2 - 3x + 2$.", 1, 1},
              {f + "Now let $f(x) = x + 1$. Then $f(4) = 5$ and $f(5) = 6$.", 2, 0},
              {"$f(n + 1) = 2f(n) + 1$ and $f(1) = 3$, so $f(3) = 15$.", 1, 0},
              {"$f(n + 1) = 2f(n) + 1$ and $f(1) = 3$, so $f(3) = 14$.", 1, 1},
              {"$f(n + 1) = 2f(n) + n$, so $f(3) = 4f(1) + 5$.", 1, 1},
              {"$f(n + 1) = 2f(n) + n$, so $f(3) = 4f(1) + 4$.", 1, 0},
              // Nobody said what f is: it may be a factor.
              {"$p(1 - p) = p - p^2$ and $f(3) = 12 + 1$", 0, 0},
              {"$f(x) = \\left\\{ x, 1 \\right.$ and $f(3) = 12 + 1$", 0, 0}});
  // The problem may define it.
  EXPECT_EQ(check_arithmetic("So $g(2) = 9$.", "Let $g(x) = x^3$. Find $g(2)$.").contradicted, 1U);
  EXPECT_EQ(check_arithmetic("So $g(2) = 8$.", "Let $g(x) = x^3$. Find $g(2)$.").checked, 1U);
}

TEST(Arithmetic, NumeralsWithTheirBase) {
  expect_all({{"$441_{10} = 1202_7$", 1, 1},
              {"$441_{10} = 1200_7$", 1, 0},
              {"$1101_2 + 11_2 = 10000_2$", 1, 0},
              {"$1101_2 + 11_2 = 1110_2$", 1, 1},
              {"$19_8 = 17$", 0, 0},
              {"$x_1 = 3 + 4$", 0, 0}});
}

TEST(Arithmetic, QuotientsWithRemainder) {
  expect_all({{"$355 \\div 6 = 58\\;\\mathrm{R}\\;5$", 1, 1},
              {"355 / 6 = 59 R 1", 1, 0},
              {"2418 / 4 = 604 remainder 10", 1, 1},
              {"2418 / 4 = 604 with a remainder of 3", 1, 1},
              {"2418 / 4 = 604 with a remainder 2", 1, 0},
              {"2418 / 4 = 604 more", 0, 0}});
}

TEST(Arithmetic, ANameKeepsItsValueOnTheNextLine) {
  expect_all({{"\\[ S = 3 \\cdot 4 \\cdot 5 \\]\n\\[ S = 60 \\]", 0, 0},
              {"\\[ S = 3 \\cdot 4 \\cdot 5 \\]\n\\[ S = 50 \\]", 1, 1},
              {"Total cost = 5 * 3 + 2\nTotal cost = 18", 1, 1},
              {"Total cost = 5 * 3 + 2\nTotal cost = 17", 0, 0},
              {"$x = 3 + \\sqrt{2}$, $x = 3$", 0, 0},
              {"$x = 7(7m + 3) + 5$.\n\nSo $x = 49m + 24$.", 1, 1},
              {"$x = 7(7m + 3) + 5$.\n\nSo $x = 49m + 26$.", 1, 0},
              {"$y = 2(x + 1)$\n$y = 3x$", 0, 0},
              {"Monday: cost = 5 * 3\nTuesday: cost = 18", 0, 0},
              {"Case 1: $n = 5 \\cdot 3$. Case 2: $n = 18$.", 0, 0},
              {"$y = 2x + 1$\n$y = 3x$", 0, 0}});
}

TEST(Arithmetic, ValuesOfTheSameSentenceAreSubstituted) {
  expect_all({{"If $x = 3$ and $y = 4$, then $x + y = 8$.", 1, 1},
              {"If $x = 3$ and $y = 4$, then $x + y = 7$.", 1, 0},
              {"When n = 5, 13n = 65.", 1, 0},
              {"If $x = 3$ or $x = 4$, then $x + 1 = 8$.", 0, 0},
              {"We need $x = 3$, and $2x = 8$.", 0, 0},
              {"We solve the equations $x = 2001$, $\\frac{2001}{x} = 2001$.", 0, 0},
              {"Here $x = 3$. There $2x = 8$.", 0, 0},
              {"If $x = 3$, then $y = 2x + 1$ and $z = 9$.", 0, 0}});
}

TEST(Arithmetic, PhrasesThatTransform) {
  expect_all({{"The expression $2(x+1)^2$ simplifies to $2x^2+4x+3$.", 1, 1},
              {"$x^2-3x+2$ factors as $(x-1)(x-2)$.", 1, 0},
              {"$x^2-3x+2$ can be written as $(x-1)(x+2)$.", 1, 1},
              {"We get $(x+1)^2 - x^2$, which simplifies to $2x+2$.", 1, 1},
              {"The fraction $\\frac{12}{18}$ reduces to $\\frac{2}{3}$.", 1, 0},
              {"The equation $2x = 10$ simplifies to $x = 5$.", 1, 0},
              {"The equation $2x = 10$ simplifies to $x = 4$.", 1, 1},
              {"We have $2x+4y=10$. Simplifying, $x+2y=6$.", 1, 1},
              {"We have $2x+4y=10$. Also, $x+2y=6$.", 0, 0},
              {"We have $x^2y=xy^2$. Simplifying, $x=y$.", 0, 0}});
}

TEST(Arithmetic, WhatHoldsUnderAConditionIsNoContradiction) {
  expect_all({// Given a + b = 1, the chain uses it.
              {"We have $a + b = 1$. So $a^2 + b^2 = (a+b)^2 - 2ab = 1 - 2ab$.", 1, 0},
              {"So $a^2 + b^2 = (a+b)^2 - 2ab = 1 - 2ab$.", 2, 1},
              {"For a prime $p$, $f(p) = 1 - p$. So $f(9) = -2$.", 0, 0},
              {"$f(n) = n/2$ if $n$ is even. $f(3) = 10$ and $f(9) = 28$.", 0, 0},
              {"Perhaps $f(n) = 2n$. But $f(3) = 10$.", 0, 0},
              {"$f(x) = |x - 1|$. For large $x$ we have $f(x + 1) = x + 1$.", 0, 0},
              {"$y = \\sin(180 - B) + 1 = \\sin B + 1$", 0, 0},
              {"The sides may be \\[ 2s = 200 \\] \\[ 2s = 240 \\]", 0, 0},
              {"\\[ 2s = 200 + 40 \\] \\[ 2s = 250 \\]", 1, 1},
              {"2200 / 288 = 2200 \xC3\xB7 16 / 288 \xC3\xB7 16", 0, 0},
              {"y\xC2\xB2 = 2xy, and x = 2", 0, 0},
              {"together 2cm + 3cm = 6cm", 1, 1}});
}

TEST(Arithmetic, WhatIsDeniedElsewhereDeniesNothing) {
  expect_all({{"There are not many, so $3 + 4 = 8$.", 1, 1},
              {"It is wrong that $3 + 4 = 8$.", 0, 0},
              {"$3 + 4 = 8$ is wrong.", 0, 0},
              {"The base is $3 + 4 = 8$ long.", 1, 1},
              {"In base 9, $3 + 7 = 11$.", 0, 0}});
}

TEST(Arithmetic, SpokenResultsAreChecked) {
  expect_all({{"17 * 3 is 51", 1, 0},
              {"17 * 3 is 52.", 1, 1},
              {"12 plus 30 equals 42", 1, 0},
              {"84 divided by 4 gives 21", 1, 0},
              {"84 divided by 4 gives 22", 1, 1},
              {"5^8 is 5 raised to the power of 8", 0, 0}});
}

TEST(Arithmetic, TwoReadingsMustBothFail) {
  expect_all({{"2\\frac{1}{2} = 2.5", 1, 0},
              {"2\\frac{1}{2} = 1", 1, 0},
              {"2\\frac{1}{2} = 3", 1, 1},
              {"-3^2 = -9", 1, 0},
              {"-3^2 = 9", 1, 0},
              {"6/2(1+2) = 9", 0, 0}});
}

TEST(Arithmetic, ANumberThatWasCutOffIsNoContradiction) {
  expect_all({{"so 12 + 5 = 1", 0, 0},
              {"so 12 + 5 = 2", 1, 1},
              {"so 12 + 5 = 1.", 1, 1},
              {"so 12 * 5 = 40 + 2", 0, 0}});
}

TEST(Arithmetic, SpansAndReasonsPointIntoTheText) {
  const std::string text = "First, $6 \\times 7 = 43$ tiles.";
  const ArithmeticReport report = check_arithmetic(text);
  ASSERT_EQ(report.claims.size(), 1U);
  EXPECT_EQ(slice(text, report.claims[0].span), "6 \\times 7 = 43");
  EXPECT_EQ(report.claims[0].why, "6 \\times 7 is 42, not 43");
  EXPECT_EQ(report.coverage(), 1.0);
}

TEST(Arithmetic, HostileInputStaysWithinItsBudget) {
  const auto run = [](const std::string& text) { return check_arithmetic(text).contradicted; };
  EXPECT_EQ(run("2^{10^9} = 7"), 0U);
  EXPECT_EQ(run("9^9^9^9^9 = 1"), 0U);
  EXPECT_EQ(run("99999999! = 3"), 0U);
  EXPECT_EQ(run(std::string(100'000, '(') + "1 = 2"), 0U);
  EXPECT_EQ(run("2 = " + std::string(100'000, '-') + "2"), 0U);
  EXPECT_EQ(run(std::string(100'000, '9') + " + 1 = 2"), 0U);
  EXPECT_EQ(run("1/0 = 5 and 0^{-1} = 3"), 0U);
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "1 + 1 = 2\n";
  EXPECT_EQ(check_arithmetic(many).checked, 20'000U);
}

TEST(Arithmetic, OtherScriptsAreWords) {
  expect_all({{"\xE6\x89\x80\xE4\xBB\xA5 17\xC3\x97"
               "23=391\xE3\x80\x82",
               1, 0},
              {"\xE6\x89\x80\xE4\xBB\xA5 17\xC3\x97"
               "23=381\xE3\x80\x82",
               1, 1},
              {"\xD0\x98\xD1\x82\xD0\xBE\xD0\xB3\xD0\xBE 17*23 = 381.", 1, 1},
              {"La r\xC3\xA9ponse: 17*23 = 391.", 1, 0},
              {"Das macht 2,5 * 4 = 10.", 0, 0},
              {"Son 1.500 + 500 = 2.000.", 1, 0},
              {"Son 1.500 + 500 = 2.100.", 1, 1}});
}

TEST(Arithmetic, UnitsPercentsAndResiduesOfProse) {
  expect_all({{"1 hour + 30 minutes = 90 minutes.", 0, 0},
              {"60 miles/hour * 30 minutes = 30 miles.", 0, 0},
              {"3 hours * 60 minutes/hour = 150 minutes.", 1, 1},
              {"$50 - 20% = $40.", 0, 0},
              {"$50 - 20% = $45.", 1, 1},
              {"11 + 3 = 2 mod 12.", 0, 0},
              {"11 + 3 = 4 mod 12.", 1, 1},
              {"4 \xC3\x97 25\xC2\xA2 = $1.", 0, 0},
              {"Suppose 2 + 2 = 5.", 0, 0},
              {"Suppose she buys more, so 2 + 2 = 5.", 1, 1},
              {"7 / 2 = 3 (integer division).", 0, 0}});
}

TEST(Arithmetic, NotationsOfTools) {
  expect_all({{"48/2 = <<48/2=24>>24 clips.", 1, 0},
              {"48/2 = <<48/2=25>>25 clips.", 1, 1},
              {"log2(8) = 3.", 1, 0},
              {"log2(8) = 4.", 1, 1},
              {"2^3^2 = 512.", 0, 0},
              {"0.1 + 0.2 = 0.30000000000000004.", 1, 0},
              {"33.33 * 3 = 100.", 1, 0},
              {"33.33 * 3 = 101.", 1, 1},
              {"so 187 = 13 * 14.", 1, 1},
              {"so 187 = 11 * 17.", 1, 0}});
}

TEST(Arithmetic, MagnitudesMoneyClocksAndPercents) {
  expect_all({{"1.5 million / 3 = 500,000", 1, 0},
              {"2 million x 3 = 6,000,000", 1, 0},
              {"1 dozen + 1 = 13", 1, 0},
              {"$2 + 50 cents = $2.50", 0, 0},
              {"10 AM + 5 hours = 3 PM", 0, 0},
              {"1/3 = 33%", 0, 0},
              {"1/4 = 26%", 1, 1},
              {"1 + 1 = 3", 1, 1}});
}

TEST(Arithmetic, ListItemsAndChainsOfResults) {
  expect_all({{"- 12 + 7 = 18", 1, 1},
              {"- 12 + 7 = 19", 1, 0},
              {"- 12 + 7 = -5", 0, 0},
              {"\xE2\x80\xA2 12 + 7 = 18", 1, 1},
              {"12 + 7 = 19 = 20", 2, 1},
              {"12 + 7 = 18 = 19", 1, 1},
              {"19/4 = 4.75 = 5", 1, 0},
              {"3 * 1 = 3 feet = 1 yard", 1, 0},
              {"so 12 = 3 = wait", 0, 0}});
}

}  // namespace
}  // namespace assay::chain
