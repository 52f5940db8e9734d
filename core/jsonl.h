// Foreign JSON lines, plain or gzipped: dataset files, samples files. Never trusts a length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/error.h"

namespace assay {

/// What a file may ask of this process.
struct JsonlLimits {
  std::size_t max_file_bytes = std::size_t{1} << 30;  ///< as it lies on disk
  std::size_t max_text_bytes = std::size_t{2} << 30;  ///< after gunzip
  std::size_t max_line_bytes = std::size_t{64} << 20;
  int max_depth = 64;  ///< nested arrays and objects in one line
};

struct TextFile {
  std::string text;    ///< gunzipped if the file was a gzip
  std::string sha256;  ///< of the bytes on disk
};

/// The bytes of `path`, gunzipped if they start with gzip's magic. Error{environment}: cannot be
/// read, over a limit, a damaged or cut gzip stream.
Result<TextFile> read_text_file(const std::string& path, const JsonlLimits& limits = {});

/// The text of a gzip stream (RFC 1952; several members allowed). `name` is for errors.
Result<std::string> gunzip(std::string_view bytes, const std::string& name,
                           std::size_t max_text_bytes);

/// Takes one record and its place, "file.jsonl:12"; a failure ends the reading and is returned.
using JsonlSink = std::function<Result<void>(nlohmann::json record, const std::string& where)>;

/// Calls `sink` for each line of `text` that is not blank, in order. CRLF, a byte order mark and a
/// missing last newline are accepted. Error{environment} "name:line: ..." for a line that is no
/// JSON object, is no UTF-8, or is over a limit.
Result<void> for_each_jsonl(std::string_view text, const std::string& name, const JsonlSink& sink,
                            const JsonlLimits& limits = {});

}  // namespace assay
