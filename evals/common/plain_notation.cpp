// Unicode, Markdown and escaped text as ASCII LaTeX.
#include <string>
#include <string_view>
#include <utility>

#include "core/ascii.h"
#include "core/utf8.h"
#include "evals/common/answer_notation.h"

namespace assay::evals {
namespace {

/// UTF-8 bytes and the LaTeX for them.
constexpr std::pair<std::string_view, std::string_view> unicode[] = {{"\u2212", "-"},
                                                                     {"\u2013", "-"},
                                                                     {"\u2014", "-"},
                                                                     {"\u2010", "-"},
                                                                     {"\u2011", "-"},
                                                                     {"\u00D7", "*"},
                                                                     {"\u00B7", "*"},
                                                                     {"\u22C5", "*"},
                                                                     {"\u2219", "*"},
                                                                     {"\u2022", "*"},
                                                                     {"\u2217", "*"},
                                                                     {"\u00F7", "/"},
                                                                     {"\u2044", "/"},
                                                                     {"\u2215", "/"},
                                                                     {"\u221E", "\\infty "},
                                                                     {"\u00B1", "\\pm "},
                                                                     {"\u2213", "\\mp "},
                                                                     {"\u2264", "\\le "},
                                                                     {"\u2265", "\\ge "},
                                                                     {"\u2A7D", "\\le "},
                                                                     {"\u2A7E", "\\ge "},
                                                                     {"\u2260", "\\neq "},
                                                                     {"\u2248", "\\approx "},
                                                                     {"\u2261", "\\equiv "},
                                                                     {"\u2208", "\\in "},
                                                                     {"\u2209", "\\notin "},
                                                                     {"\u222A", "\\cup "},
                                                                     {"\u2229", "\\cap "},
                                                                     {"\u2216", "\\setminus "},
                                                                     {"\u2205", "\\emptyset "},
                                                                     {"\u00D8", "\\emptyset "},
                                                                     {"\u211D", "\\mathbb{R}"},
                                                                     {"\u2124", "\\mathbb{Z}"},
                                                                     {"\u2115", "\\mathbb{N}"},
                                                                     {"\u211A", "\\mathbb{Q}"},
                                                                     {"\u2102", "\\mathbb{C}"},
                                                                     {"\u2220", "\\angle "},
                                                                     {"\u25B3", "\\triangle "},
                                                                     {"\u00B0", "\\degree "},
                                                                     {"\u00BA", "\\degree "},
                                                                     {"\u02DA", "\\degree "},
                                                                     {"\u2032", "'"},
                                                                     {"\u2033", "''"},
                                                                     {"\u230A", "\\lfloor "},
                                                                     {"\u230B", "\\rfloor "},
                                                                     {"\u2308", "\\lceil "},
                                                                     {"\u2309", "\\rceil "},
                                                                     {"\u27E8", "\\langle "},
                                                                     {"\u27E9", "\\rangle "},
                                                                     {"\u2329", "\\langle "},
                                                                     {"\u232A", "\\rangle "},
                                                                     {"\u2223", "\\mid "},
                                                                     {"\u2026", "\\dots "},
                                                                     {"\u22EF", "\\dots "},
                                                                     {"\u2192", "\\to "},
                                                                     {"\u21D2", "\\Rightarrow "},
                                                                     {"\u2227", " and "},
                                                                     {"\u2228", " or "},
                                                                     {"\u20AC", " eur "},
                                                                     {"\u00A3", " gbp "},
                                                                     {"\u00A5", " yen "},
                                                                     {"\u00A2", " cents "},
                                                                     {"\u00BD", "\\frac{1}{2}"},
                                                                     {"\u2153", "\\frac{1}{3}"},
                                                                     {"\u2154", "\\frac{2}{3}"},
                                                                     {"\u00BC", "\\frac{1}{4}"},
                                                                     {"\u00BE", "\\frac{3}{4}"},
                                                                     {"\u2155", "\\frac{1}{5}"},
                                                                     {"\u2156", "\\frac{2}{5}"},
                                                                     {"\u2157", "\\frac{3}{5}"},
                                                                     {"\u2158", "\\frac{4}{5}"},
                                                                     {"\u2159", "\\frac{1}{6}"},
                                                                     {"\u215A", "\\frac{5}{6}"},
                                                                     {"\u215B", "\\frac{1}{8}"},
                                                                     {"\u215C", "\\frac{3}{8}"},
                                                                     {"\u215D", "\\frac{5}{8}"},
                                                                     {"\u215E", "\\frac{7}{8}"},
                                                                     {"\u03B1", "\\alpha "},
                                                                     {"\u03B2", "\\beta "},
                                                                     {"\u03B3", "\\gamma "},
                                                                     {"\u03B4", "\\delta "},
                                                                     {"\u03B5", "\\epsilon "},
                                                                     {"\u03B6", "\\zeta "},
                                                                     {"\u03B7", "\\eta "},
                                                                     {"\u03B8", "\\theta "},
                                                                     {"\u03BA", "\\kappa "},
                                                                     {"\u03BB", "\\lambda "},
                                                                     {"\u03BC", "\\mu "},
                                                                     {"\u00B5", "\\mu "},
                                                                     {"\u03BD", "\\nu "},
                                                                     {"\u03BE", "\\xi "},
                                                                     {"\u03C0", "\\pi "},
                                                                     {"\u03C1", "\\rho "},
                                                                     {"\u03C3", "\\sigma "},
                                                                     {"\u03C4", "\\tau "},
                                                                     {"\u03C6", "\\phi "},
                                                                     {"\u03D5", "\\phi "},
                                                                     {"\u03C7", "\\chi "},
                                                                     {"\u03C8", "\\psi "},
                                                                     {"\u03C9", "\\omega "},
                                                                     {"\u0393", "\\Gamma "},
                                                                     {"\u0394", "\\Delta "},
                                                                     {"\u0398", "\\Theta "},
                                                                     {"\u039B", "\\Lambda "},
                                                                     {"\u03A0", "\\Pi "},
                                                                     {"\u03A3", "\\Sigma "},
                                                                     {"\u03A6", "\\Phi "},
                                                                     {"\u03A8", "\\Psi "},
                                                                     {"\u03A9", "\\Omega "},
                                                                     {"\u210F", "\\hbar "},
                                                                     {"\u0127", "\\hbar "},
                                                                     {"\u2113", "\\ell "},
                                                                     {"\u221B", "\\sqrt[3]"},
                                                                     {"\u221C", "\\sqrt[4]"},
                                                                     {"\u221A", "\\sqrt"},
                                                                     {"\uFF08", "("},
                                                                     {"\uFF09", ")"},
                                                                     {"\uFF0C", ", "},
                                                                     {"\u3001", ", "},
                                                                     {"\u3002", "."},
                                                                     {"\uFF1A", ":"},
                                                                     {"\uFF1D", "="},
                                                                     {"\u00A0", " "},
                                                                     {"\u2009", " "},
                                                                     {"\u202F", " "},
                                                                     {"\u2002", " "},
                                                                     {"\u2003", " "},
                                                                     {"\u3000", " "},
                                                                     {"\u200B", ""},
                                                                     {"\u2713", ""},
                                                                     {"\u2714", ""},
                                                                     {"\u2705", ""},
                                                                     {"\uFEFF", ""},
                                                                     {"\u201C", ""},
                                                                     {"\u201D", ""},
                                                                     {"\u2018", "'"},
                                                                     {"\u2019", "'"}};

/// Raised and lowered characters: the ASCII character each stands for.
constexpr std::pair<std::string_view, char> raised[] = {
    {"\u2070", '0'}, {"\u00B9", '1'}, {"\u00B2", '2'}, {"\u00B3", '3'}, {"\u2074", '4'},
    {"\u2075", '5'}, {"\u2076", '6'}, {"\u2077", '7'}, {"\u2078", '8'}, {"\u2079", '9'},
    {"\u207F", 'n'}, {"\u207B", '-'}, {"\u207A", '+'}, {"\u02E3", 'x'}, {"\u2071", 'i'}};
constexpr std::pair<std::string_view, char> lowered[] = {
    {"\u2080", '0'}, {"\u2081", '1'}, {"\u2082", '2'}, {"\u2083", '3'}, {"\u2084", '4'},
    {"\u2085", '5'}, {"\u2086", '6'}, {"\u2087", '7'}, {"\u2088", '8'}, {"\u2089", '9'},
    {"\u2099", 'n'}, {"\u1D62", 'i'}, {"\u2096", 'k'}};

/// Takes a run of raised or lowered characters off `rest`.
template <std::size_t N>
std::string take_run(std::string_view& rest, const std::pair<std::string_view, char> (&table)[N]) {
  std::string run;
  for (bool found = true; found;) {
    found = false;
    for (const auto& [bytes, ascii] : table) {
      if (!rest.starts_with(bytes)) continue;
      run += ascii;
      rest.remove_prefix(bytes.size());
      found = true;
      break;
    }
  }
  return run;
}

/// One character outside ASCII, and what belongs to it, from the front of `rest` to `out`.
void take_unicode(std::string_view& rest, std::string& out) {
  if (const std::string run = take_run(rest, raised); !run.empty()) {
    out += "^{" + run + "}";
    return;
  }
  if (const std::string run = take_run(rest, lowered); !run.empty()) {
    out += "_{" + run + "}";
    return;
  }
  for (const auto& [bytes, latex] : unicode) {
    if (!rest.starts_with(bytes)) continue;
    rest.remove_prefix(bytes.size());
    out += latex;
    if (!latex.starts_with("\\sqrt")) return;
    // A root sign reaches over the whole number behind it, where \sqrt takes one digit.
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    if (digits > 0) {
      out += "{" + std::string(rest.substr(0, digits)) + "}";
    } else {
      out += ' ';
    }
    rest.remove_prefix(digits);
    return;
  }
  const Utf8Step step = utf8_step(rest);
  constexpr char32_t first_wide = 0xFF01;  // the full-width forms of '!' to '~'
  constexpr char32_t last_wide = 0xFF5E;
  if (step.status != Utf8Status::character) {
    out += "\uFFFD";
  } else if (step.code_point >= first_wide && step.code_point <= last_wide) {
    out += static_cast<char>(step.code_point - first_wide + '!');
  } else {
    out += rest.substr(0, step.bytes);
  }
  rest.remove_prefix(step.bytes);
}

/// Whether every command of `text` has two backslashes: LaTeX that was escaped once too often.
bool is_escaped_twice(std::string_view text) {
  bool doubled_word = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') continue;
    std::size_t end = i;
    while (end < text.size() && text[end] == '\\') ++end;
    if ((end - i) % 2 != 0) return false;
    if (end - i == 2 && end < text.size() && is_letter(text[end])) {
      std::size_t last = end;
      while (last < text.size() && is_letter(text[last])) ++last;
      std::string word = "\\" + std::string(text.substr(end, last - end));
      doubled_word = doubled_word || find_command(word).kind != CommandClass::unknown;
    }
    i = end - 1;
  }
  return doubled_word;
}

std::string halved_backslashes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '\\') ++i;
  }
  return out;
}

}  // namespace

std::string plain_notation(std::string_view answer) {
  const std::string_view blanks = " \t\r\n";
  const auto trim = [&](std::string_view t) {
    const std::size_t first = t.find_first_not_of(blanks);
    return first == npos ? std::string_view{}
                         : t.substr(first, t.find_last_not_of(blanks) - first + 1);
  };
  answer = trim(answer);
  while (answer.size() > 4 && answer.starts_with("**") && answer.ends_with("**")) {
    answer = trim(answer.substr(2, answer.size() - 4));
  }
  std::string halved;
  if (is_escaped_twice(answer)) {
    halved = halved_backslashes(answer);
    answer = halved;
  }
  std::string out;
  out.reserve(answer.size());
  while (!answer.empty()) {
    const char c = answer[0];
    if (static_cast<unsigned char>(c) >= 0x80) {
      take_unicode(answer, out);
      continue;
    }
    if (answer.starts_with("**")) {
      out += '^';
      answer.remove_prefix(2);
      continue;
    }
    if (c != '"' && c != '`') out += c;
    answer.remove_prefix(1);
  }
  return out;
}

}  // namespace assay::evals
