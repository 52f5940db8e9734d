#include "evals/humaneval/extract_code.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"

namespace assay::evals {
namespace {

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

/// A line that opens or closes a block.
struct Fence {
  char kind = 0;
  std::size_t length = 0;  ///< 0: it is none
  std::size_t indent = 0;
  bool bare = false;  ///< nothing but the fence: only such a line closes
};

/// As CommonMark has it, but indented as far as it likes: lists of steps hold blocks.
Fence fence_of(std::string_view line) {
  Fence fence;
  fence.indent = std::min(line.find_first_not_of(" \t"), line.size());
  if (fence.indent == line.size()) return {};
  fence.kind = line[fence.indent];
  if (fence.kind != '`' && fence.kind != '~') return {};
  const std::size_t end = std::min(line.find_first_not_of(fence.kind, fence.indent), line.size());
  const std::string_view info = line.substr(end);
  // "```x```" is inline code.
  if (fence.kind == '`' && info.find('`') != npos) return {};
  fence.length = end - fence.indent >= 3 ? end - fence.indent : 0;
  fence.bare = info.find_first_not_of(" \t\r") == npos;
  return fence;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == npos;
}

/// A line at column 0 that Python would take and prose would not begin with.
bool starts_code(std::string_view line) {
  if (line.starts_with("from ")) return line.find(" import ") != npos;
  if (line.starts_with("import ")) {
    const std::string_view names = line.substr(std::string_view("import ").size());
    return names.find(' ') == npos || names.find(',') != npos || names.find(" as ") != npos;
  }
  constexpr std::array<std::string_view, 4> starts = {"def ", "class ", "@", "async def "};
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

/// Whether a line of a program without fences may go on a piece of code: prose begins a line at
/// column 0 with a word.
bool continues_code(std::string_view line) {
  return is_blank(line) || starts_code(line) || std::string_view(" \t#)]}").find(line[0]) != npos ||
         line.find(" = ") != npos;
}

/// Without fences: the piece of code around the last line at column 0 that defines the function,
/// else the one that begins with the first line of code.
std::optional<FencedBlock> bare_code(std::string_view text, std::string_view entry_point) {
  std::vector<FencedBlock> pieces;
  bool inside = false;
  for_each_line(text, [&](std::size_t begin, std::string_view line) {
    if (!inside && starts_code(line)) pieces.push_back({begin, begin, 0});
    inside = inside ? continues_code(line) : starts_code(line);
    if (inside) pieces.back().end = begin + line.size();
    return true;
  });
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    const std::string_view code = text.substr(piece->begin, piece->end - piece->begin);
    if (defines_function(code, entry_point)) return *piece;
  }
  if (!pieces.empty()) return pieces.front();
  if (is_body(text)) return FencedBlock{0, text.size(), 0};
  return std::nullopt;
}

/// The block's lines without the fence's indentation, as far as all of them have it.
std::string dedented(std::string_view code, std::size_t indent) {
  for_each_line(code, [&](std::size_t /*begin*/, std::string_view line) {
    if (!is_blank(line)) indent = std::min(indent, line.find_first_not_of(" \t"));
    return true;
  });
  std::string out;
  for_each_line(code, [&](std::size_t begin, std::string_view line) {
    out += line.substr(std::min(indent, line.size()));
    if (begin + line.size() < code.size()) out += '\n';
    return true;
  });
  return out;
}

}  // namespace

std::vector<FencedBlock> fenced_blocks(std::string_view text) {
  std::vector<FencedBlock> blocks;
  Fence open;
  std::size_t content = 0;
  for_each_line(text, [&](std::size_t begin, std::string_view line) {
    const Fence fence = fence_of(line);
    if (fence.length == 0) return true;
    if (open.length == 0) {
      open = fence;
      content = std::min(begin + line.size() + 1, text.size());
    } else if (fence.kind == open.kind && fence.length >= open.length && fence.bare) {
      blocks.push_back({content, begin, open.indent});
      open = {};
    }
    return true;
  });
  if (open.length > 0) blocks.push_back({content, text.size(), open.indent});
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
  if (!chosen)
    chosen = blocks.empty() ? bare_code(text, entry_point) : std::optional(blocks.back());
  if (!chosen) return std::nullopt;
  const std::string code =
      dedented(text.substr(chosen->begin, chosen->end - chosen->begin), chosen->indent);
  if (is_blank(code)) return std::nullopt;
  ExtractedProgram out;
  out.program = complete(code, prompt, entry_point);
  out.begin = chosen->begin;
  out.end = chosen->end;
  return out;
}

std::optional<ExtractedProgram> program_from_continuation(std::string_view text,
                                                          std::string_view prompt,
                                                          std::string_view entry_point,
                                                          const std::vector<std::string>& stops) {
  if (is_blank(text)) return std::nullopt;
  const std::size_t definition = is_body(text) ? npos : definition_line(text, entry_point);
  if (definition != npos) {
    const std::size_t fence = std::min(text.find("\n```"), text.size());
    if (definition > fence) return program_from_chat(text, prompt, entry_point);
    ExtractedProgram out;
    out.program = complete(text.substr(0, fence), prompt, entry_point);
    out.end = fence;
    return out;
  }
  std::size_t end = text.size();
  for (const std::string& stop : stops) end = std::min(end, text.find(stop));
  ExtractedProgram out;
  out.program = std::string(prompt) + std::string(text.substr(0, end));
  out.end = end;
  return out;
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
