#include "evals/humaneval/extract_code.h"

#include <algorithm>
#include <array>

namespace assay::evals {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Calls `visit(begin, line)` for each line, without its newline, until it returns false.
template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (!visit(begin, text.substr(begin, end - begin))) return;
    begin = end + 1;
  }
}

/// The length of the run of backticks or tildes that opens or closes a block; 0 if there is none.
std::size_t fence_length(std::string_view line, char* kind) {
  const std::size_t start = std::min(line.find_first_not_of(" \t"), line.size());
  if (start == line.size() || (line[start] != '`' && line[start] != '~')) return 0;
  *kind = line[start];
  const std::size_t end = std::min(line.find_first_not_of(*kind, start), line.size());
  return end - start >= 3 ? end - start : 0;
}

/// Whether a closing fence stands alone on its line.
bool is_bare(std::string_view line) {
  return line.find_first_not_of(" \t\r`~") == npos;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == npos;
}

/// A line at column 0 that Python would take and prose would not begin with.
bool starts_code(std::string_view line) {
  constexpr std::array<std::string_view, 6> starts = {"def ",   "import ", "from ",
                                                      "class ", "@",       "async def "};
  return std::any_of(starts.begin(), starts.end(),
                     [line](std::string_view start) { return line.starts_with(start); });
}

/// Where the line begins that defines `name`; npos if there is none.
std::size_t definition_line(std::string_view code, std::string_view name) {
  std::size_t found = npos;
  for_each_line(code, [&](std::size_t begin, std::string_view line) {
    if (defines_function(line, name)) found = begin;
    return found == npos;
  });
  return found;
}

/// The prompt's imports and helpers: what stands before the entry point.
std::string_view preamble_of(std::string_view prompt, std::string_view entry_point) {
  const std::size_t line = definition_line(prompt, entry_point);
  return line == npos ? std::string_view() : prompt.substr(0, line);
}

/// Whether the first line that is not blank is indented: the body of a function.
bool is_body(std::string_view code) {
  bool indented = false;
  for_each_line(code, [&](std::size_t /*begin*/, std::string_view line) {
    if (is_blank(line)) return true;
    indented = line[0] == ' ' || line[0] == '\t';
    return false;
  });
  return indented;
}

std::string complete(std::string_view code, std::string_view prompt, std::string_view entry_point) {
  if (is_body(code) && !defines_function(code, entry_point)) {
    return std::string(prompt) + std::string(code);
  }
  const std::string_view preamble = preamble_of(prompt, entry_point);
  if (is_blank(preamble) || code.find(preamble) != npos) return std::string(code);
  return std::string(preamble) + "\n" + std::string(code);
}

/// Without fences: from the first line of code to the last line that may belong to it.
std::optional<FencedBlock> bare_code(std::string_view text) {
  FencedBlock block{npos, 0};
  for_each_line(text, [&](std::size_t begin, std::string_view line) {
    if (block.begin == npos && !starts_code(line)) return true;
    if (block.begin == npos) block.begin = begin;
    const bool continues = is_blank(line) || line[0] == ' ' || line[0] == '\t' || line[0] == '#' ||
                           line[0] == ')' || line[0] == ']' || line[0] == '}' ||
                           starts_code(line) || line.find(" = ") != npos;
    if (continues) block.end = begin + line.size();
    return continues;
  });
  if (block.begin != npos) return block;
  if (is_body(text)) return FencedBlock{0, text.size()};
  return std::nullopt;
}

}  // namespace

std::vector<FencedBlock> fenced_blocks(std::string_view text) {
  std::vector<FencedBlock> blocks;
  char open_kind = 0;
  std::size_t open_length = 0;
  std::size_t content = 0;
  for_each_line(text, [&](std::size_t begin, std::string_view line) {
    char kind = 0;
    const std::size_t length = fence_length(line, &kind);
    if (length == 0) return true;
    if (open_length == 0) {
      open_kind = kind;
      open_length = length;
      content = std::min(begin + line.size() + 1, text.size());
    } else if (kind == open_kind && length >= open_length && is_bare(line)) {
      blocks.push_back({content, begin});
      open_length = 0;
    }
    return true;
  });
  if (open_length > 0) blocks.push_back({content, text.size()});
  return blocks;
}

bool defines_function(std::string_view code, std::string_view name) {
  for (std::size_t at = code.find("def "); at != npos; at = code.find("def ", at + 1)) {
    if (at > 0 && is_name_character(code[at - 1])) continue;
    const std::size_t start = code.find_first_not_of(' ', at + 4);
    if (start == npos || !code.substr(start).starts_with(name)) continue;
    const std::size_t after = code.find_first_not_of(' ', start + name.size());
    if (after != npos && code[after] == '(') return true;
  }
  return false;
}

std::optional<ExtractedProgram> program_from_chat(std::string_view text, std::string_view prompt,
                                                  std::string_view entry_point) {
  const std::vector<FencedBlock> blocks = fenced_blocks(text);
  std::optional<FencedBlock> chosen;
  for (const FencedBlock& block : blocks) {
    if (defines_function(text.substr(block.begin, block.end - block.begin), entry_point)) {
      chosen = block;
    }
  }
  if (!chosen) chosen = blocks.empty() ? bare_code(text) : std::optional(blocks.back());
  if (!chosen) return std::nullopt;
  const std::string_view code = text.substr(chosen->begin, chosen->end - chosen->begin);
  if (is_blank(code)) return std::nullopt;
  return ExtractedProgram{complete(code, prompt, entry_point), chosen->begin, chosen->end};
}

std::optional<ExtractedProgram> program_from_continuation(std::string_view text,
                                                          std::string_view prompt,
                                                          std::string_view entry_point,
                                                          const std::vector<std::string>& stops) {
  if (is_blank(text)) return std::nullopt;
  if (!is_body(text) && definition_line(text, entry_point) != npos) {
    const std::size_t fence = std::min(text.find("\n```"), text.size());
    return ExtractedProgram{complete(text.substr(0, fence), prompt, entry_point), 0, fence};
  }
  std::size_t end = text.size();
  for (const std::string& stop : stops) end = std::min(end, text.find(stop));
  return ExtractedProgram{std::string(prompt) + std::string(text.substr(0, end)), 0, end};
}

std::optional<ExtractedProgram> program_from_sample(std::string_view text, std::string_view prompt,
                                                    std::string_view entry_point) {
  if (!fenced_blocks(text).empty()) return program_from_chat(text, prompt, entry_point);
  return program_from_continuation(text, prompt, entry_point, {});
}

std::optional<ExtractedProgram> program_standing_alone(std::string_view text,
                                                       std::string_view prompt,
                                                       std::string_view entry_point) {
  constexpr std::string_view prelude = "from typing import *\nimport math\n";
  if (is_blank(text)) return std::nullopt;
  const bool is_whole = definition_line(text, entry_point) != npos;
  ExtractedProgram out;
  out.program = std::string(prelude) + std::string(is_whole ? "" : prompt) + std::string(text);
  out.end = text.size();
  for_each_line(
      preamble_of(prompt, entry_point), [&](std::size_t /*begin*/, std::string_view line) {
        constexpr std::string_view def = "def ";
        if (!is_whole || !line.starts_with(def)) return true;
        const std::string_view name = line.substr(def.size(), line.find('(') - def.size());
        out.helpers_for_tests = out.helpers_for_tests && defines_function(text, name);
        return true;
      });
  return out;
}

}  // namespace assay::evals
