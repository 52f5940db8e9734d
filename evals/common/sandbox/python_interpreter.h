// Which Python runs candidates' programs: chosen explicitly, and recorded.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"

namespace assay::sandbox {

struct PythonInterpreter {
  std::string path;     ///< the real executable, no shim and no link
  std::string version;  ///< "3.11.2"
  std::string sha256;   ///< of the executable
  /// Folders it reads from: its standard library and the shared libraries that it maps.
  std::vector<std::string> folders;
};

/// The first that works of /usr/bin/python3, /usr/local/bin/python3 and the python3 of PATH.
/// Scripts (pyenv's shims start ten times slower) are passed over. Needs Python 3.8 or later.
/// Error{environment} with the remedy if there is none.
Result<PythonInterpreter> find_python();

}  // namespace assay::sandbox
