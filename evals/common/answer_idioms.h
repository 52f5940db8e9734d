// Ways of writing an answer that are neither LaTeX nor plain formulas, rewritten on tokens before
// the parser reads them (docs/grading.md, G3).
#pragma once

#include <vector>

#include "evals/common/answer_tokens.h"

namespace assay::evals {

/// The tokens with what follows said in the parser's words; the others as they are:
///   12th, 12^{\text{th}}            12
///   60^o                            60 degrees
///   ^{10}C_3, 10C3, C_{10}^3        the binomial coefficient; with P the number of arrangements
///   minus 7, negative one half      -7, -1/2
///   one hundred and twenty          120
///   \root 3 \of 2, \not=, log2(3)   \sqrt[3]{2}, \neq, \log_2(3)
///   0.1(6)                          0.1 and 6 repeating, where that is all of the answer
///   (base 2), 3 to 5, per cent      base 2, 3:5, percent
///   1011_{(2)}, (mod 7)             1011_2, \pmod{7}
///   \hat{i}, \vec{j}                i, j
///   option C, a parabola, (1, 2)^T  C, parabola, (1, 2); see answer_frames.h
///   18 a day, cube root of 2        18 per day, \sqrt[3]{2}
///   Rs. 50                          50 rupees
std::vector<AnswerToken> with_idioms(AnswerTokens tokens);

}  // namespace assay::evals
