#include "harness/chain/sheet.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "core/sha256.h"
#include "core/text.h"

namespace assay {
namespace {

constexpr std::array<SheetQuestion, 7> questions = {{
    {"finished", "Does the text come to its end (1) or does it break off (0)?"},
    {"no loop", "Does it get on (1) or does it run in circles (0)?"},
    {"steps", "Does it go step by step (1) or is it one leap (0)?"},
    {"answer follows", "Does the answer follow from the last steps (1) or not (0)?"},
    {"one answer", "Does it give one answer (1), or none or several that differ (0)?"},
    {"complete", "All in all: is the chain of reasoning complete, 0 (no) to 4 (yes)?"},
    {"remarks", "Anything else"},
}};

/// A spreadsheet takes 32,767 characters in a cell; bytes are at least as many.
constexpr std::size_t max_cell_bytes = 32'000;

/// A chain that is too long loses its middle: how it began and how it ended say most.
std::string fitted(std::string_view text) {
  if (text.size() <= max_cell_bytes) return std::string(text);
  const std::size_t half = max_cell_bytes / 2 - 100;
  std::size_t from = text.size() - half;
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80) ++from;
  return fmt::format("{}\n[{} bytes left out here]\n{}", cut_text(text, half), from - half,
                     text.substr(from));
}

}  // namespace

std::span<const SheetQuestion> sheet_questions() {
  return questions;
}

std::string csv_cell(std::string_view text) {
  const std::string safe = sanitize_for_terminal(fitted(text));
  const std::size_t first = safe.find_first_not_of(" \t\n");
  const bool formula = first != std::string::npos &&
                       std::string_view("=+-@|%").find(safe[first]) != std::string_view::npos;
  std::string out = formula ? "\"'" : "\"";
  for (const char c : safe) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

RatingSheet rating_sheet(std::span<const ChainText> chains) {
  std::vector<std::string> hashes;
  for (const ChainText& chain : chains)
    hashes.push_back(sha256_hex(chain.question + "\n" + chain.text));
  std::vector<std::size_t> order(chains.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return hashes[a] < hashes[b]; });
  RatingSheet out;
  out.sheet = "chain,question,text";
  for (const SheetQuestion& question : questions) {
    out.sheet += "," + csv_cell(fmt::format("{}: {}", question.name, question.text));
  }
  out.sheet += "\r\n";
  out.key = "chain,id,where\r\n";
  for (std::size_t row = 0; row < order.size(); ++row) {
    const ChainText& chain = chains[order[row]];
    out.sheet += fmt::format("{},{},{}{}\r\n", row + 1, csv_cell(chain.question),
                             csv_cell(chain.text), std::string(questions.size(), ','));
    out.key += fmt::format("{},{},{}\r\n", row + 1, csv_cell(chain.id), csv_cell(chain.where));
  }
  return out;
}

}  // namespace assay
