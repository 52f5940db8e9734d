#include "core/jsonl.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json_access.h"
#include "core/sha256.h"

namespace assay {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view gzip_magic = "\x1F\x8B";
constexpr int gzip_window_bits = 15 + 16;  // zlib's way to ask for a gzip header

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<std::string> read_bytes(const std::string& path, std::size_t max_bytes) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) {
    return env_failure(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  std::size_t n = 0;
  while ((n = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0) {
    if (bytes.size() + n > max_bytes) {
      return env_failure(fmt::format("{} is larger than {} bytes", path, max_bytes));
    }
    bytes.append(buffer.data(), n);
  }
  if (std::ferror(file.get()) != 0) {
    return env_failure(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  return bytes;
}

Result<nlohmann::json> parse_line(std::string_view line, const std::string& where,
                                  const JsonlLimits& limits) {
  if (line.size() > limits.max_line_bytes) {
    return env_failure(fmt::format("{}: the line has {} bytes, more than the limit of {}", where,
                                   line.size(), limits.max_line_bytes));
  }
  if (json_is_deeper_than(line, limits.max_depth)) {
    return env_failure(
        fmt::format("{}: the JSON nests deeper than {} levels", where, limits.max_depth));
  }
  try {
    nlohmann::json record = nlohmann::json::parse(line);
    if (!record.is_object()) {
      return env_failure(
          fmt::format("{}: expected a JSON object, found {}", where, record.type_name()));
    }
    return record;
  } catch (const nlohmann::json::exception& error) {
    // The library's text quotes the input; its position is what helps a person.
    const auto* parse_error = dynamic_cast<const nlohmann::json::parse_error*>(&error);
    return env_failure(fmt::format("{}: not valid JSON (at byte {} of the line)", where,
                                   parse_error != nullptr ? parse_error->byte : 0));
  }
}

}  // namespace

Result<std::string> gunzip(std::string_view bytes, const std::string& name,
                           std::size_t max_text_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, gzip_window_bits) != Z_OK) {
    return env_failure("cannot start zlib", "free some memory");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string text;
  std::array<char, 1 << 16> buffer{};
  // zlib counts input in 32 bits, so it is fed in pieces.
  std::size_t fed = 0;
  int status = Z_OK;
  while (true) {
    if (stream.avail_in == 0) {
      const std::size_t piece = std::min<std::size_t>(bytes.size() - fed, 1U << 30);
      // zlib's interface is not const-correct; it does not write to its input.
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + fed));
      stream.avail_in = static_cast<uInt>(piece);
      fed += piece;
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t produced = buffer.size() - stream.avail_out;
    if (text.size() + produced > max_text_bytes) {
      return env_failure(fmt::format("{} unpacks to more than {} bytes", name, max_text_bytes));
    }
    text.append(buffer.data(), produced);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0 && fed == bytes.size()) return text;
      if (inflateReset(&stream) != Z_OK) break;  // the next member
    } else if (status != Z_OK) {
      break;
    }
  }
  const bool cut = status == Z_BUF_ERROR;
  return env_failure(fmt::format("{}: the gzip stream is {}", name, cut ? "cut" : "damaged"),
                     "fetch the file again");
}

Result<TextFile> read_text_file(const std::string& path, const JsonlLimits& limits) {
  Result<std::string> bytes = read_bytes(path, limits.max_file_bytes);
  if (!bytes) return tl::unexpected(bytes.error());
  TextFile file;
  file.sha256 = sha256_hex(*bytes);
  if (!bytes->starts_with(gzip_magic)) {
    file.text = std::move(*bytes);
    return file;
  }
  Result<std::string> text = gunzip(*bytes, path, limits.max_text_bytes);
  if (!text) return tl::unexpected(text.error());
  file.text = std::move(*text);
  return file;
}

Result<void> for_each_jsonl(std::string_view text, const std::string& name, const JsonlSink& sink,
                            const JsonlLimits& limits) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::int64_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = fmt::format("{}:{}", name, line_number);
    Result<nlohmann::json> record = parse_line(line, where, limits);
    if (!record) return tl::unexpected(record.error());
    if (Result<void> done = sink(std::move(*record), where); !done) return done;
  }
  return {};
}

}  // namespace assay
