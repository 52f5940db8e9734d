# Run at build time: writes OUT with the checkout's commit, only when it changed.
#   cmake -DSOURCE_DIR=... -DOUT=... -P GitRevision.cmake
execute_process(COMMAND git -C "${SOURCE_DIR}" rev-parse --short=12 HEAD
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -C "${SOURCE_DIR}" status --porcelain --untracked-files=no
                OUTPUT_VARIABLE changes ERROR_QUIET)
if(changes)
  set(dirty true)
else()
  set(dirty false)
endif()
set(text "#pragma once\ninline constexpr char kGitCommit[] = \"${commit}\";\ninline constexpr bool kGitDirty = ${dirty};\n")
file(CONFIGURE OUTPUT "${OUT}" CONTENT "${text}" @ONLY)
