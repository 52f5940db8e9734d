#include "evals/common/answer_notation.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "core/utf8.h"

namespace assay::evals {
namespace {

struct Entry {
  std::string_view from;
  Command to;
};

constexpr auto symbol = CommandClass::symbol;
constexpr auto dropped = CommandClass::dropped;
constexpr auto blank = CommandClass::blank;
constexpr auto text = CommandClass::text;
constexpr auto dropped_group = CommandClass::dropped_group;

/// Commands with one name of their own: listed by it.
constexpr std::string_view own_names[] = {"\\alpha",    "\\beta",       "\\gamma",
                                          "\\delta",    "\\epsilon",    "\\zeta",
                                          "\\eta",      "\\theta",      "\\iota",
                                          "\\kappa",    "\\lambda",     "\\mu",
                                          "\\nu",       "\\xi",         "\\pi",
                                          "\\rho",      "\\sigma",      "\\tau",
                                          "\\upsilon",  "\\phi",        "\\chi",
                                          "\\psi",      "\\omega",      "\\Gamma",
                                          "\\Delta",    "\\Theta",      "\\Lambda",
                                          "\\Xi",       "\\Pi",         "\\Sigma",
                                          "\\Upsilon",  "\\Phi",        "\\Psi",
                                          "\\Omega",    "\\ell",        "\\hbar",
                                          "\\aleph",    "\\partial",    "\\nabla",
                                          "\\infty",    "\\emptyset",   "\\sin",
                                          "\\cos",      "\\tan",        "\\cot",
                                          "\\sec",      "\\csc",        "\\arcsin",
                                          "\\arccos",   "\\arctan",     "\\arccot",
                                          "\\arcsec",   "\\arccsc",     "\\sinh",
                                          "\\cosh",     "\\tanh",       "\\coth",
                                          "\\sech",     "\\csch",       "\\exp",
                                          "\\ln",       "\\log",        "\\lg",
                                          "\\max",      "\\min",        "\\gcd",
                                          "\\lcm",      "\\det",        "\\dim",
                                          "\\ker",      "\\deg",        "\\arg",
                                          "\\Re",       "\\Im",         "\\sup",
                                          "\\inf",      "\\lim",        "\\sum",
                                          "\\prod",     "\\int",        "\\oint",
                                          "\\lfloor",   "\\rfloor",     "\\lceil",
                                          "\\rceil",    "\\langle",     "\\rangle",
                                          "\\in",       "\\notin",      "\\ni",
                                          "\\subset",   "\\subseteq",   "\\cup",
                                          "\\cap",      "\\setminus",   "\\mid",
                                          "\\parallel", "\\perp",       "\\angle",
                                          "\\triangle", "\\circ",       "\\degree",
                                          "\\pm",       "\\mp",         "\\le",
                                          "\\ge",       "\\neq",        "\\approx",
                                          "\\equiv",    "\\sim",        "\\simeq",
                                          "\\cong",     "\\propto",     "\\to",
                                          "\\mapsto",   "\\Rightarrow", "\\Leftrightarrow",
                                          "\\forall",   "\\exists",     "\\neg",
                                          "\\dots",     "\\prime",      "\\over",
                                          "\\choose",   "\\begin",      "\\end",
                                          "\\odot",     "\\oplus",      "\\otimes",
                                          "\\star",     "\\square",     "\\bmod",
                                          "\\mod",      "\\therefore",  "\\because",
                                          "\\%",        "\\$",          "\\{",
                                          "\\}",        "\\|",          "\\#",
                                          "\\_",        "\\&",          "\\\\",
                                          "\\pmod",     "\\overline",   "\\overrightarrow",
                                          "\\vec",      "\\hat",        "\\bar",
                                          "\\tilde",    "\\dot",        "\\ddot",
                                          "\\mathbb",   "\\frac",       "\\binom",
                                          "\\sqrt",     "\\top",        "\\intercal",
                                          "\\root",     "\\of",         "\\not"};

int arguments_of(std::string_view name) {
  if (name == "\\frac" || name == "\\binom") return 2;
  constexpr std::string_view one[] = {
      "\\sqrt",  "\\overline", "\\overrightarrow", "\\vec",    "\\hat", "\\bar",
      "\\tilde", "\\dot",      "\\ddot",           "\\mathbb", "\\pmod"};
  return std::find(std::begin(one), std::end(one), name) != std::end(one) ? 1 : 0;
}

constexpr Entry synonyms[] = {
    {"\\dfrac", {symbol, "\\frac", 2}},
    {"\\tfrac", {symbol, "\\frac", 2}},
    {"\\cfrac", {symbol, "\\frac", 2}},
    {"\\sfrac", {symbol, "\\frac", 2}},
    {"\\nicefrac", {symbol, "\\frac", 2}},
    {"\\dbinom", {symbol, "\\binom", 2}},
    {"\\tbinom", {symbol, "\\binom", 2}},
    {"\\Bbb", {symbol, "\\mathbb", 1}},
    {"\\widehat", {symbol, "\\hat", 1}},
    {"\\widetilde", {symbol, "\\tilde", 1}},
    {"\\varepsilon", {symbol, "\\epsilon"}},
    {"\\vartheta", {symbol, "\\theta"}},
    {"\\varphi", {symbol, "\\phi"}},
    {"\\varrho", {symbol, "\\rho"}},
    {"\\varsigma", {symbol, "\\sigma"}},
    {"\\varpi", {symbol, "\\pi"}},
    {"\\varnothing", {symbol, "\\emptyset"}},
    {"\\empty", {symbol, "\\emptyset"}},
    {"\\leq", {symbol, "\\le"}},
    {"\\leqslant", {symbol, "\\le"}},
    {"\\leqq", {symbol, "\\le"}},
    {"\\geq", {symbol, "\\ge"}},
    {"\\geqslant", {symbol, "\\ge"}},
    {"\\geqq", {symbol, "\\ge"}},
    {"\\lt", {symbol, "<"}},
    {"\\gt", {symbol, ">"}},
    {"\\ne", {symbol, "\\neq"}},
    {"\\doteq", {symbol, "="}},
    {"\\coloneqq", {symbol, "="}},
    {"\\times", {symbol, "*"}},
    {"\\cdot", {symbol, "*"}},
    {"\\ast", {symbol, "*"}},
    {"\\bullet", {symbol, "*"}},
    {"\\div", {symbol, "/"}},
    {"\\slash", {symbol, "/"}},
    {"\\colon", {symbol, ":"}},
    {"\\lbrace", {symbol, "\\{"}},
    {"\\rbrace", {symbol, "\\}"}},
    {"\\lbrack", {symbol, "["}},
    {"\\rbrack", {symbol, "]"}},
    {"\\lparen", {symbol, "("}},
    {"\\rparen", {symbol, ")"}},
    {"\\vert", {symbol, "|"}},
    {"\\lvert", {symbol, "|"}},
    {"\\rvert", {symbol, "|"}},
    {"\\lVert", {symbol, "\\|"}},
    {"\\rVert", {symbol, "\\|"}},
    {"\\Vert", {symbol, "\\|"}},
    {"\\backslash", {symbol, "\\setminus"}},
    {"\\smallsetminus", {symbol, "\\setminus"}},
    {"\\textdegree", {symbol, "\\degree"}},
    {"\\ldots", {symbol, "\\dots"}},
    {"\\cdots", {symbol, "\\dots"}},
    {"\\dotsc", {symbol, "\\dots"}},
    {"\\dotsb", {symbol, "\\dots"}},
    {"\\vdots", {symbol, "\\dots"}},
    {"\\ddots", {symbol, "\\dots"}},
    {"\\rightarrow", {symbol, "\\to"}},
    {"\\longrightarrow", {symbol, "\\to"}},
    {"\\implies", {symbol, "\\Rightarrow"}},
    {"\\iff", {symbol, "\\Leftrightarrow"}},
    {"\\land", {symbol, "and"}},
    {"\\wedge", {symbol, "and"}},
    {"\\lor", {symbol, "or"}},
    {"\\vee", {symbol, "or"}},
    {"\\bigcup", {symbol, "\\cup"}},
    {"\\bigcap", {symbol, "\\cap"}},
    {"\\cosec", {symbol, "\\csc"}},
    {"\\ctg", {symbol, "\\cot"}},
    {"\\tg", {symbol, "\\tan"}},
    {"\\arctg", {symbol, "\\arctan"}},
    {"\\cr", {symbol, "\\\\"}},
    {"\\newline", {symbol, "\\\\"}},
    {"\\percent", {symbol, "\\%"}},
    {"\\left", {dropped, ""}},
    {"\\right", {dropped, ""}},
    {"\\middle", {dropped, ""}},
    {"\\displaystyle", {dropped, ""}},
    {"\\textstyle", {dropped, ""}},
    {"\\scriptstyle", {dropped, ""}},
    {"\\scriptscriptstyle", {dropped, ""}},
    {"\\limits", {dropped, ""}},
    {"\\nolimits", {dropped, ""}},
    {"\\hline", {dropped, ""}},
    {"\\noindent", {dropped, ""}},
    {"\\boxed", {dropped, ""}},
    {"\\fbox", {dropped, ""}},
    {"\\big", {dropped, ""}},
    {"\\Big", {dropped, ""}},
    {"\\bigl", {dropped, ""}},
    {"\\bigr", {dropped, ""}},
    {"\\Bigl", {dropped, ""}},
    {"\\Bigr", {dropped, ""}},
    {"\\bigg", {dropped, ""}},
    {"\\Bigg", {dropped, ""}},
    {"\\biggl", {dropped, ""}},
    {"\\biggr", {dropped, ""}},
    {"\\Biggl", {dropped, ""}},
    {"\\Biggr", {dropped, ""}},
    {"\\mathbf", {dropped, ""}},
    {"\\boldsymbol", {dropped, ""}},
    {"\\bm", {dropped, ""}},
    {"\\mathcal", {dropped, ""}},
    {"\\mathit", {dropped, ""}},
    {"\\mathsf", {dropped, ""}},
    {"\\underline", {dropped, ""}},
    {"\\mathtt", {dropped, ""}},
    {"\\mathfrak", {dropped, ""}},
    {"\\mathnormal", {dropped, ""}},
    {"\\mathop", {dropped, ""}},
    {"\\mathord", {dropped, ""}},
    {"\\pmb", {dropped, ""}},
    {"\\ensuremath", {dropped, ""}},
    {"\\tiny", {dropped, ""}},
    {"\\scriptsize", {dropped, ""}},
    {"\\footnotesize", {dropped, ""}},
    {"\\small", {dropped, ""}},
    {"\\normalsize", {dropped, ""}},
    {"\\large", {dropped, ""}},
    {"\\Large", {dropped, ""}},
    {"\\LARGE", {dropped, ""}},
    {"\\huge", {dropped, ""}},
    {"\\Huge", {dropped, ""}},
    {"\\checkmark", {dropped, ""}},
    {"\\blacksquare", {dropped, ""}},
    {"\\hfill", {dropped, ""}},
    {"\\rm", {dropped, ""}},
    {"\\bf", {dropped, ""}},
    {"\\it", {dropped, ""}},
    {"\\,", {dropped, ""}},
    {"\\!", {dropped, ""}},
    {"\\;", {blank, ""}},
    {"\\:", {blank, ""}},
    {"\\>", {blank, ""}},
    {"\\ ", {blank, ""}},
    {"\\\n", {blank, ""}},
    {"\\(", {blank, ""}},
    {"\\)", {blank, ""}},
    {"\\[", {blank, ""}},
    {"\\]", {blank, ""}},
    {"\\/", {dropped, ""}},
    {"\\quad", {blank, ""}},
    {"\\qquad", {blank, ""}},
    {"\\enspace", {blank, ""}},
    {"\\thinspace", {dropped, ""}},
    {"\\text", {text, ""}},
    {"\\mbox", {text, ""}},
    {"\\hbox", {text, ""}},
    {"\\mathrm", {text, ""}},
    {"\\textrm", {text, ""}},
    {"\\textbf", {text, ""}},
    {"\\textit", {text, ""}},
    {"\\textsf", {text, ""}},
    {"\\texttt", {text, ""}},
    {"\\textup", {text, ""}},
    {"\\textnormal", {text, ""}},
    {"\\textsc", {text, ""}},
    {"\\emph", {text, ""}},
    {"\\operatorname", {text, ""}},
    {"\\hspace", {dropped_group, ""}},
    {"\\vspace", {dropped_group, ""}},
    {"\\phantom", {dropped_group, ""}},
    {"\\hphantom", {dropped_group, ""}},
    {"\\vphantom", {dropped_group, ""}},
    {"\\label", {dropped_group, ""}},
    {"\\tag", {dropped_group, ""}},
    {"\\color", {dropped_group, ""}},
    {"\\textcolor", {dropped_group, ""}},
};

/// All commands, sorted by name, for binary search.
const std::vector<Entry>& commands() {
  static const std::vector<Entry> all = [] {
    std::vector<Entry> entries(std::begin(synonyms), std::end(synonyms));
    for (const std::string_view name : own_names) {
      entries.push_back({name, {symbol, name, arguments_of(name)}});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.from < b.from; });
    return entries;
  }();
  return all;
}

}  // namespace

Command find_command(std::string_view text) {
  const std::vector<Entry>& all = commands();
  const auto at =
      std::lower_bound(all.begin(), all.end(), text,
                       [](const Entry& entry, std::string_view t) { return entry.from < t; });
  if (at == all.end() || at->from != text) return {};
  return at->to;
}

std::string_view known_prefix(std::string_view control_word) {
  constexpr std::size_t longest = 20;
  for (std::size_t length = std::min(control_word.size(), longest); length > 2; --length) {
    const std::string_view prefix = control_word.substr(0, length);
    if (find_command(prefix).kind != CommandClass::unknown) return prefix;
  }
  return {};
}

bool is_foreign_letter(std::string_view text) {
  constexpr char32_t first_letter = 0xC0;  // Latin, Greek, Cyrillic, ...
  constexpr char32_t first_sign = 0x2000;  // punctuation, arrows, operators
  constexpr char32_t first_ideograph = 0x2E80;
  constexpr char32_t first_symbol = 0xFE00;  // variation selectors, emoji
  const Utf8Step step = utf8_step(text);
  return step.status == Utf8Status::character && step.code_point >= first_letter &&
         step.code_point < first_symbol &&
         (step.code_point < first_sign || step.code_point >= first_ideograph);
}

}  // namespace assay::evals
