// What a partial file is the beginning of: a small file beside it, so that only bytes of the same
// thing from the same source are ever continued.
#pragma once

#include <filesystem>
#include <string>

namespace assay::fetch {

struct SourceNote {
  std::string origin;  ///< a URL, or "pypi" and the joined file's sha256
  std::string etag;    ///< of an HTTP answer; may be empty
};

/// The note of `partial`; empty strings if there is none or it cannot be read.
SourceNote read_source_note(const std::filesystem::path& partial);
/// False if it cannot be written.
bool write_source_note(const std::filesystem::path& partial, const SourceNote& note);
/// Removes the partial file and its note, if they are there.
void remove_partial(const std::filesystem::path& partial);
void remove_source_note(const std::filesystem::path& partial);

}  // namespace assay::fetch
