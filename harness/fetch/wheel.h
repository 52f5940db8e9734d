// Takes one file out of a wheel (a ZIP archive) that may be hostile.
#pragma once

#include <filesystem>
#include <functional>
#include <span>

#include "core/error.h"
#include "core/eval.h"

namespace assay::fetch {

/// Receives a member's bytes in order; a failure ends the extraction.
using ByteSink = std::function<Result<void>(std::span<const std::byte>)>;

/// Streams wheel.member, exactly wheel.bytes long, into `sink`. Names inside the archive are only
/// compared, never used as paths; still an archive is refused as a whole (Error{environment}) if
/// any name is absolute, holds "..", a backslash or a control character, if any member is a
/// symbolic link or other special file, or if it has more than 10,000 members. The wanted member
/// must be there once, unencrypted, stored or deflated, and of the very size.
Result<void> extract_member(const std::filesystem::path& archive, const WheelMember& wheel,
                            const ByteSink& sink);

}  // namespace assay::fetch
