# Options a person may set, compiler flags for every target, and the libraries found once.
option(ASSAY_BUILD_TESTS "Build the tests (needs GoogleTest)" OFF)
option(ASSAY_BUILD_BENCHMARKS "Build assay_kernels_bench (needs Google Benchmark)" OFF)
option(ASSAY_BUILD_FUZZERS "Build the libFuzzer targets (needs clang)" OFF)
option(ASSAY_PRECOMPILE "Precompile the headers of others: a quarter of the time of a build" OFF)
option(ASSAY_NETWORK "Build what downloads and what talks to servers (libcurl, libzip)" ON)
option(ASSAY_FMT_HEADER_ONLY "Compile fmt from its headers: where there is no library to link" OFF)
option(ASSAY_WERROR "Treat warnings as errors" OFF)
set(ASSAY_SANITIZE "" CACHE STRING "What -fsanitize takes: address,undefined or thread")
set(ASSAY_ONEDNN_ROOT "" CACHE PATH "Prefix of a oneDNN other than the system's (v2 and v3 work)")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(ASSAY_CCACHE ccache)
if(ASSAY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${ASSAY_CCACHE}")
endif()

# One set of flags. No contraction: a*b+c rounds twice unless the source says fma, on every
# compiler and level, because results are compared bit for bit (docs/architecture.md, numerics).
# A value read as another type (std::bit_cast) needs no help; fast-math is never used.
# GCC 12 sees overlapping copies in any `"literal" + std::string` (GCC bug 105651): no -Wrestrict;
# precompiled, it takes std::string for ours and warns of its copies in three more ways, which
# ci/full and any build without ASSAY_PRECOMPILE leave on.
add_library(assay_flags INTERFACE)
target_compile_options(assay_flags INTERFACE -Wall -Wextra -Wno-psabi -ffp-contract=off
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                       $<$<BOOL:${ASSAY_WERROR}>:-Werror>)
if(ASSAY_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(assay_flags INTERFACE -Wno-array-bounds -Wno-stringop-overflow
                         -Wno-stringop-overread)
endif()
target_include_directories(assay_flags INTERFACE "${PROJECT_SOURCE_DIR}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  # As on x86: the same text has the same meaning on every machine.
  target_compile_options(assay_flags INTERFACE -fsigned-char)
endif()
if(ASSAY_SANITIZE)
  target_compile_options(assay_flags INTERFACE -fsanitize=${ASSAY_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(assay_flags INTERFACE -fsanitize=${ASSAY_SANITIZE})
endif()
if(ASSAY_BUILD_FUZZERS)
  target_compile_options(assay_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(ASSAY_FMT_HEADER_ONLY)
  find_path(ASSAY_FMT_INCLUDE_DIR fmt/format-inl.h REQUIRED)
  add_library(fmt::fmt INTERFACE IMPORTED)
  target_include_directories(fmt::fmt INTERFACE "${ASSAY_FMT_INCLUDE_DIR}")
  target_compile_definitions(assay_flags INTERFACE FMT_HEADER_ONLY=1)
else()
  find_package(fmt REQUIRED)
endif()
find_package(nlohmann_json REQUIRED)
find_package(tl-expected REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
