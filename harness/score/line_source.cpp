#include "harness/score/line_source.h"

#include <fmt/core.h>
#include <zip.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

namespace assay::score {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view zip_magic = "PK\x03\x04";
constexpr unsigned gz_buffer_bytes = 1 << 17;

/// A plain file or a gzip of one or more members: zlib tells them apart.
class GzipSource : public ByteSource {
 public:
  GzipSource(gzFile file, std::string path) : file_(file), path_(std::move(path)) {
    gzbuffer(file_, gz_buffer_bytes);
  }
  ~GzipSource() override { gzclose(file_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  Result<std::size_t> read(char* buffer, std::size_t size) override {
    const int n = gzread(file_, buffer, static_cast<unsigned>(size));
    int status = Z_OK;
    const char* why = gzerror(file_, &status);
    if (n >= 0 && status == Z_OK) return static_cast<std::size_t>(n);
    if (status == Z_ERRNO) {
      return env_failure(fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
    }
    // A cut stream is reported once its last whole bytes were handed out.
    const bool cut = status == Z_BUF_ERROR;
    return env_failure(fmt::format("{}: the gzip stream is {}", path_, cut ? "cut" : "damaged"),
                       cut ? "copy the file again" : std::string(why).substr(0, 60));
  }
  std::string packing() const override { return gzdirect(file_) != 0 ? "" : "gzip"; }

 private:
  gzFile file_;
  std::string path_;
};

class ZipSource : public ByteSource {
 public:
  ZipSource(zip_t* archive, zip_file_t* member, std::string path)
      : archive_(archive), member_(member), path_(std::move(path)) {}
  ~ZipSource() override {
    zip_fclose(member_);
    zip_discard(archive_);
  }
  ZipSource(const ZipSource&) = delete;
  ZipSource& operator=(const ZipSource&) = delete;

  Result<std::size_t> read(char* buffer, std::size_t size) override {
    const zip_int64_t n = zip_fread(member_, buffer, size);
    if (n >= 0) return static_cast<std::size_t>(n);
    return env_failure(fmt::format("{}: the file inside the zip is damaged", path_),
                       "copy the file again");
  }
  std::string packing() const override { return "zip"; }

 private:
  zip_t* archive_;
  zip_file_t* member_;
  std::string path_;
};

/// The one member that is no folder, or -1. Its name is never used as a path.
zip_int64_t only_member(zip_t* archive) {
  zip_int64_t found = -1;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    if (name == nullptr || std::string_view(name).ends_with('/')) continue;
    if (found >= 0) return -1;
    found = i;
  }
  return found;
}

Result<std::unique_ptr<ByteSource>> open_zip(const std::string& path) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (archive == nullptr) return env_failure(fmt::format("{} is a damaged zip", path));
  const zip_int64_t index = only_member(archive);
  zip_file_t* member =
      index < 0 ? nullptr : zip_fopen_index(archive, static_cast<zip_uint64_t>(index), 0);
  if (member == nullptr) {
    zip_discard(archive);
    return env_failure(fmt::format("{} does not hold exactly one readable file", path),
                       "unpack it and name the file of samples");
  }
  return std::make_unique<ZipSource>(archive, member, path);
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return env_failure(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  std::array<char, zip_magic.size()> head{};
  const std::size_t n = std::fread(head.data(), 1, head.size(), file);
  const int why = std::ferror(file) != 0 ? errno : 0;
  std::fclose(file);
  if (why != 0) return env_failure(fmt::format("cannot read {}: {}", path, std::strerror(why)));
  if (std::string_view(head.data(), n) == zip_magic) return open_zip(path);
  gzFile stream = gzopen(path.c_str(), "rb");
  if (stream == nullptr) {
    return env_failure(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  return std::make_unique<GzipSource>(stream, path);
}

LineSource::LineSource(std::unique_ptr<ByteSource> bytes, std::string path,
                       const SourceLimits& limits)
    : bytes_(std::move(bytes)),
      path_(std::move(path)),
      limits_(limits),
      buffer_(std::make_unique<std::array<char, 1 << 16>>()) {}

Result<bool> LineSource::fill() {
  begin_ = 0;
  Result<std::size_t> n = bytes_->read(buffer_->data(), buffer_->size());
  if (!n) return tl::unexpected(n.error());
  end_ = *n;
  total_bytes_ += *n;
  if (total_bytes_ > limits_.max_text_bytes) {
    return env_failure(
        fmt::format("{} unpacks to more than {} bytes", path_, limits_.max_text_bytes));
  }
  return *n > 0;
}

Result<bool> LineSource::next(SourceLine& line) {
  line = {};
  line.number = ++number_;
  bool any = false;
  while (true) {
    if (begin_ == end_) {
      Result<bool> more = fill();
      if (!more) return more;
      if (!*more) break;
    }
    any = true;
    const std::string_view unread(buffer_->data() + begin_, end_ - begin_);
    const std::size_t newline = unread.find('\n');
    const std::string_view piece = unread.substr(0, newline);
    begin_ += newline == std::string_view::npos ? piece.size() : newline + 1;
    line.bytes += piece.size();
    line.too_long = line.bytes > limits_.max_line_bytes;
    if (line.too_long) {
      line.text = {};
    } else {
      line.text += piece;
    }
    if (newline != std::string_view::npos) break;
  }
  if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
  if (number_ == 1 && line.text.starts_with(byte_order_mark)) {
    line.text.erase(0, byte_order_mark.size());
  }
  return any;
}

}  // namespace assay::score
