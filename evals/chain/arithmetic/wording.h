// The words around equations: what makes a number part of something larger, what takes a claim
// back, what announces rounding.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "evals/chain/regions.h"

namespace assay::chain {

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& set) {
  return std::find(set.begin(), set.end(), word) != set.end();
}

/// Before a sum these make it a part of something larger: "5 more than 3 + 4 = 12".
inline constexpr std::array<std::string_view, 33> absorbing_words = {
    "than", "twice", "thrice", "half",   "double", "triple",  "times",      "by",  "over",
    "plus", "minus", "from",   "every",  "each",   "divided", "multiplied", "per", "sin",
    "cos",  "tan",   "log",    "ln",     "exp",    "gcd",     "lcm",        "max", "min",
    "csc",  "sec",   "cot",    "arcsin", "arccos", "arctan"};

/// After a number these make it a part of something larger: "= 3 more than".
inline constexpr std::array<std::string_view, 14> extending_words = {
    "more", "less", "fewer", "times",   "greater",    "remainder", "r",
    "mod",  "plus", "minus", "divided", "multiplied", "raised",    "squared"};

/// Behind these a bare number begins an equation: "so 15 = 3 * 5".
inline constexpr std::array<std::string_view, 9> concluding = {
    "so", "thus", "hence", "since", "because", "therefore", "then", "that", "note"};

/// Tokens that end a sentence.
inline constexpr std::array<std::string_view, 4> sentence_ends = {".", "\n", "?", "!"};

/// Words that join sentences or compare: never a unit.
inline constexpr std::array<std::string_view, 62> joining_words = {
    "and",    "or",        "so",    "then", "which",  "is",      "are",        "if",      "than",
    "more",   "less",      "from",  "of",   "we",     "because", "since",      "where",   "when",
    "with",   "that",      "the",   "to",   "by",     "in",      "on",         "at",      "but",
    "as",     "was",       "were",  "has",  "have",   "had",     "gives",      "makes",   "equal",
    "leaves", "left",      "be",    "not",  "thus",   "hence",   "therefore",  "now",     "there",
    "it",     "this",      "these", "i",    "you",    "over",    "fewer",      "greater", "twice",
    "half",   "remainder", "out",   "into", "yields", "divided", "multiplied", "squared"};

/// Words that state the result of a calculation.
inline constexpr std::array<std::string_view, 5> verbs = {"is", "gives", "makes", "yields",
                                                          "equals"};

/// "simplifies to", "can be written as": two expressions that are the same.
inline constexpr std::array<std::string_view, 6> rewriting = {
    "simplifies", "reduces", "expands", "factors", "evaluates", "factorizes"};
inline constexpr std::array<std::string_view, 6> rewritten = {
    "written", "rewritten", "simplified", "expressed", "factored", "expanded"};

/// Somewhere near, these mean that the writer does not claim the equation.
inline constexpr std::array<std::string_view, 16> retracting = {
    " not ",      "n't",        "wrong",  "incorrect", "mistake", "false", "instead", "error",
    "impossible", "contradict", "unless", "cannot",    "binary",  "modul", "clock",   "in base"};

/// Before a claim these mean that it is wanted, tried or set rather than derived.
inline constexpr std::array<std::string_view, 28> hypothetical = {
    " if ",   "let ",     "suppose", "assum",  "given",  "such that", " where ",
    " want",  " need",    " must",   "should", "satisf", " set ",     "when ",
    "try ",   "consider", "define",  "denote", "case",   "guess",     "for which",
    "solve ", "unless",   "instead", "would",  "could",  "might",     "another"};

/// Before a claim these mean that one side was made from the other.
inline constexpr std::array<std::string_view, 8> transforming = {
    "expand", "simplif", "combin", "distribut", "multiplying out", "rewrit", "factor", "foil"};
/// Around "f(x) = ..." these mean that it holds for some x, or is only tried.
inline constexpr std::array<std::string_view, 22> conditional = {
    " if ",    " if}",  "when ",   "prime",  " even",     " odd",   "otherwise", "unless",
    "perhaps", "maybe", "suppose", "assum",  "guess",     " try",   "conjectur", "pattern",
    "might",   "could", "for n",   "for $n", "for \\( n", "for x <"};
/// With these more than one equation went in.
inline constexpr std::array<std::string_view, 9> combining = {
    "substitut", "plug", "equation", "using", "since", "squar", " add", "subtract", "divid"};
/// The same of f(x) = ..., which is no equation to be solved.
inline constexpr std::array<std::string_view, 14> redefining = {
    "expand", "simplif", "combin",  "distribut", "multiplying out", "rewrit",         "factor",
    "write",  "we get",  "we have", "becomes",   "gives",           "can be written", "polynomial"};
/// With these it is an equation whose sides are transformed, not one that equates them.
inline constexpr std::array<std::string_view, 2> of_an_equation = {"equation", " side"};

/// Between two equations, these begin something new: the second does not follow from the first.
inline constexpr std::array<std::string_view, 42> new_starts = {
    " or ",        " and ",         " if ",      " when ", "case",     " let ",      "suppose",
    "assum",       " try ",         " for ",     "other",  "second",   "third",      "another",
    "first",       " now",          "also",      "again",  "consider", "substitut",  "plug",
    "equation",    "check",         "verif",     "next",   "mod",      "\\text{or}", "\\text{ or }",
    "\\text{and}", "\\text{ and }", "(1)",       "(2)",    "\\tag",    "both eq",    "no,",
    "wrong",       "mistake",       "incorrect", "oops",   "actually", "instead",    "i mean"};
inline constexpr std::size_t max_derivation_bytes = 160;
/// Two equations nearer than this, of which the second does not follow, stand side by side.
inline constexpr std::size_t max_branch_bytes = 400;

/// These mean that a result was rounded to a whole number.
inline constexpr std::array<std::string_view, 15> rounding = {
    "round", "approx",   "about",  "nearly", "nearest",     "whole",        "roughly", "floor",
    "ceil",  "estimate", "almost", "around", "integer div", "integer part", "truncat"};

/// ASCII letters in lower case; bytes stay where they are.
std::string lower(std::string_view text);

/// Whether the words of its sentence take the claim back: those of its own clause before it, and
/// what follows closely.
bool takes_back(std::string_view text, ByteSpan claim);

/// The text around `span`, lower case: its line, at most that many bytes to each side.
std::string context(std::string_view text, ByteSpan span, std::size_t before, std::size_t after);
/// The words that lead to the claim at `begin`, lower case: from the start of its sentence, over
/// the line before where that ends in a colon or comma.
std::string lead_in(std::string_view text, std::size_t begin);
/// "base 7", "base-7": the digits are not decimal ones.
bool names_a_base(std::string_view lower_case);
/// The same, but no more than the sentence.
std::string sentence(std::string_view text, ByteSpan span, std::size_t before, std::size_t after);

template <std::size_t N>
bool mentions(const std::string& text, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

}  // namespace assay::chain
