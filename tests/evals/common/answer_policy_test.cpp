// The frozen side file of units.
#include "evals/common/answer_policy.h"

#include <gtest/gtest.h>

#include "evals/common/compare_answers.h"

namespace assay::evals {
namespace {

TEST(AnswerPolicy, IsFrozen) {
  // Scores name this hash: a change of the file is a change of every score. Change both knowingly.
  EXPECT_EQ(policy_sha256(), "76d9c96fda3f3279bc374bf140d8d1b22a61de7cada8aaf26887c906dbf5ca3c");
}

TEST(AnswerPolicy, KnowsTheUnitThatAProblemAsksFor) {
  EXPECT_EQ(answer_policy("math500/geometry/967").unit, "degree");
  EXPECT_EQ(answer_policy("math500/algebra/2743").unit, "cent");
  EXPECT_EQ(answer_policy("math500/algebra/1").unit, "");
}

TEST(AnswerPolicy, AnotherUnitIsAnotherAnswer) {
  const AnswerPolicy degrees{"degree"};
  EXPECT_EQ(compare_answers("72", "72^\\circ", degrees).verdict, Verdict::equal);
  EXPECT_EQ(compare_answers("72", "72", degrees).verdict, Verdict::equal);
  EXPECT_EQ(compare_answers("72", "72\\text{ radians}", degrees).verdict, Verdict::not_equal);
  EXPECT_EQ(compare_answers("72", "72\\text{ radians}").verdict, Verdict::equal);
  EXPECT_EQ(compare_answers("10", "\\$10", {"cent"}).verdict, Verdict::not_equal);
}

}  // namespace
}  // namespace assay::evals
