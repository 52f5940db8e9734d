#include "tool/report_files.h"

#include <fmt/core.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "core/plugins.h"
#include "core/text.h"
#include "reports/common/report.h"
#include "tool/command.h"

namespace assay::tool {

void prepare_folder(const std::string& folder, std::int64_t bytes_needed) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::environment,
                fmt::format("cannot make the folder {}: {}", folder, error.message()),
                "choose another one with --out");
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw Error(ErrorKind::environment,
                fmt::format("cannot write to {}: {}", folder, std::strerror(errno)),
                "choose another folder with --out");
  }
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return;
  const auto free_bytes = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
  if (free_bytes < bytes_needed) {
    throw Error(ErrorKind::environment,
                fmt::format("{} has {} free, the journal and reports may need {}", folder,
                            format_bytes(free_bytes), format_bytes(bytes_needed)),
                "free space or choose another folder with --out");
  }
}

void write_reports(const Journal& journal, const std::string& folder) {
  const nlohmann::json report = build_report(journal);
  for (const ReportPlugin& plugin : report_plugins()) {
    const std::filesystem::path path = std::filesystem::path(folder) / plugin.file_name;
    write_file(path.string(), plugin.render(report, journal));
  }
}

}  // namespace assay::tool
