// How signs, commands and words of arithmetic are spelled: the lexer's tables.
#pragma once

#include <array>
#include <string_view>

#include "evals/chain/arithmetic/tokens.h"

namespace assay::chain {

struct Spelling {
  std::string_view text;
  MathToken::Kind kind;
};

/// Signs of one or more bytes; the longest first where one begins another.
inline constexpr std::array<Spelling, 49> signs = {{
    {"\xC3\x97", MathToken::Kind::times},
    {"\xC2\xB7", MathToken::Kind::times},
    {"\xE2\x8B\x85", MathToken::Kind::times},
    {"\xE2\x88\x97", MathToken::Kind::times},
    {"\xE2\x80\xA2", MathToken::Kind::barrier},
    {"\xC3\xB7", MathToken::Kind::slash},
    {"\xE2\x88\x95", MathToken::Kind::slash},
    {"\xE2\x81\x84", MathToken::Kind::slash},
    {"\xE2\x88\x92", MathToken::Kind::minus},
    {"\xE2\x80\x93", MathToken::Kind::minus},
    {"\xE2\x89\x88", MathToken::Kind::approx},
    {"\xE2\x89\x85", MathToken::Kind::approx},
    {"\xE2\x80\xA6", MathToken::Kind::ellipsis},
    {"\xE2\x8B\xAF", MathToken::Kind::ellipsis},
    {"\xC2\xB0", MathToken::Kind::degree},
    {"\xE2\x88\x9A", MathToken::Kind::sqrt},
    {"\xC2\xA2", MathToken::Kind::degree},
    {"\xE2\x82\xAC", MathToken::Kind::money},
    {"\xC2\xA3", MathToken::Kind::money},
    {"\xC2\xB1", MathToken::Kind::plus_minus},
    {"\xE2\x88\x93", MathToken::Kind::plus_minus},
    {"\xE2\x89\xA1", MathToken::Kind::congruent},
    {"\xE2\x8C\x8A", MathToken::Kind::open},
    {"\xE2\x8C\x8B", MathToken::Kind::close},
    {"\xE2\x8C\x88", MathToken::Kind::open},
    {"\xE2\x8C\x89", MathToken::Kind::close},
    {"\xCF\x80", MathToken::Kind::variable},
    {"...", MathToken::Kind::ellipsis},
    {"==", MathToken::Kind::barrier},
    {"=>", MathToken::Kind::barrier},
    {"<=", MathToken::Kind::barrier},
    {">=", MathToken::Kind::barrier},
    {"!=", MathToken::Kind::barrier},
    {"->", MathToken::Kind::barrier},
    {"--", MathToken::Kind::barrier},
    {"~=", MathToken::Kind::approx},
    {"+", MathToken::Kind::plus},
    {"-", MathToken::Kind::minus},
    {"/", MathToken::Kind::slash},
    {"^", MathToken::Kind::caret},
    {"!", MathToken::Kind::factorial},
    {"(", MathToken::Kind::open},
    {"[", MathToken::Kind::open},
    {"{", MathToken::Kind::open},
    {")", MathToken::Kind::close},
    {"]", MathToken::Kind::close},
    {"}", MathToken::Kind::close},
    {"%", MathToken::Kind::percent},
    {"=", MathToken::Kind::equals},
}};

inline constexpr std::array<Spelling, 37> commands = {{
    {"times", MathToken::Kind::times},   {"cdot", MathToken::Kind::times},
    {"ast", MathToken::Kind::times},     {"div", MathToken::Kind::slash},
    {"frac", MathToken::Kind::frac},     {"dfrac", MathToken::Kind::frac},
    {"tfrac", MathToken::Kind::frac},    {"cfrac", MathToken::Kind::frac},
    {"sqrt", MathToken::Kind::sqrt},     {"binom", MathToken::Kind::binom},
    {"dbinom", MathToken::Kind::binom},  {"tbinom", MathToken::Kind::binom},
    {"choose", MathToken::Kind::choose}, {"bmod", MathToken::Kind::modulo},
    {"approx", MathToken::Kind::approx}, {"simeq", MathToken::Kind::approx},
    {"doteq", MathToken::Kind::approx},  {"lbrack", MathToken::Kind::open},
    {"rbrack", MathToken::Kind::close},  {"ldots", MathToken::Kind::ellipsis},
    {"dots", MathToken::Kind::ellipsis}, {"cdots", MathToken::Kind::ellipsis},
    {"circ", MathToken::Kind::degree},   {"degree", MathToken::Kind::degree},
    {"prime", MathToken::Kind::degree},  {"pm", MathToken::Kind::plus_minus},
    {"mp", MathToken::Kind::plus_minus}, {"equiv", MathToken::Kind::congruent},
    {"pmod", MathToken::Kind::pmod},     {"mod", MathToken::Kind::modulo},
    {"lfloor", MathToken::Kind::open},   {"rfloor", MathToken::Kind::close},
    {"lceil", MathToken::Kind::open},    {"rceil", MathToken::Kind::close},
    {"vert", MathToken::Kind::bar},      {"lvert", MathToken::Kind::bar},
    {"rvert", MathToken::Kind::bar},
}};

/// Functions by name.
inline constexpr std::array<std::string_view, 15> function_names = {
    "sin",    "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos",
    "arctan", "ln",  "log", "lg",  "exp", "gcd", "lcm"};
/// Those that a plain word or \operatorname{} may name: "sec" is a unit.
inline constexpr std::array<std::string_view, 10> spoken_functions = {
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "ln", "log", "gcd", "lcm"};

/// Commands that only space or size.
inline constexpr std::array<std::string_view, 22> silent_commands = {
    "left",   "right",  "big",   "Big",    "bigg",         "Bigg",      "bigl",  "bigr",
    "Bigl",   "Bigr",   "biggl", "biggr",  "displaystyle", "textstyle", "boxed", "fbox",
    "mathbf", "mathit", "bf",    "limits", "nolimits",     "hspace"};

inline constexpr std::array<std::string_view, 10> text_commands = {
    "text",   "mathrm",       "mbox",   "textbf", "textit",
    "textrm", "operatorname", "texttt", "mathsf", "hbox"};

/// Commands whose argument has its digits under a line: 0.\overline{3}.
inline constexpr std::array<std::string_view, 2> line_commands = {"overline", "bar"};

inline constexpr std::array<std::string_view, 26> letters = {
    "alpha",   "beta",  "gamma",  "delta", "epsilon", "varepsilon", "zeta", "eta",   "theta",
    "iota",    "kappa", "lambda", "mu",    "nu",      "xi",         "rho",  "sigma", "tau",
    "upsilon", "phi",   "varphi", "chi",   "psi",     "omega",      "pi",   "ell"};

/// Words right behind a number that are no products of variables.
inline constexpr std::array<std::string_view, 20> attached_units = {
    "cm",  "mm", "dm", "km", "kg",  "mg",  "ml", "cl", "dl", "lb",
    "lbs", "pm", "am", "rs", "hrs", "pts", "sq", "cu", "yd", "yds"};

/// Words that multiply the number before them.
struct Magnitude {
  std::string_view text;
  long factor;
};
inline constexpr std::array<Magnitude, 6> magnitudes = {{{"dozen", 12},
                                                         {"hundred", 100},
                                                         {"thousand", 1000},
                                                         {"million", 1'000'000},
                                                         {"billion", 1'000'000'000},
                                                         {"trillion", 1'000'000'000'000}}};

/// Words that are signs between or after numbers.
inline constexpr std::array<Spelling, 9> sign_words = {{
    {"plus", MathToken::Kind::plus},
    {"minus", MathToken::Kind::minus},
    {"times", MathToken::Kind::times},
    {"mod", MathToken::Kind::modulo},
    {"modulo", MathToken::Kind::modulo},
    {"choose", MathToken::Kind::choose},
    {"sqrt", MathToken::Kind::sqrt},
    {"percent", MathToken::Kind::percent},
    {"equals", MathToken::Kind::equals},
}};

}  // namespace assay::chain
