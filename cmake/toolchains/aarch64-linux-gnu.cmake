# arm64 Linux from any Debian or Ubuntu machine: g++-aarch64-linux-gnu, and the libraries that
# ci/arm64-sysroot unpacked. Everything is linked statically, so that the result runs on any arm64
# Linux and under qemu-aarch64 without a root of its own.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

cmake_path(SET ASSAY_SYSROOT NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../build/arm64-sysroot")
if(NOT EXISTS "${ASSAY_SYSROOT}/usr/include")
  message(FATAL_ERROR "assay: no arm64 libraries in ${ASSAY_SYSROOT}: run ci/arm64-sysroot first")
endif()
set(CMAKE_FIND_ROOT_PATH "${ASSAY_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(ENV{PKG_CONFIG_LIBDIR}
    "${ASSAY_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${ASSAY_SYSROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${ASSAY_SYSROOT}")
# Headers that no find module names; the C library's own come with the compiler.
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES
    "${ASSAY_SYSROOT}/usr/include" "${ASSAY_SYSROOT}/usr/include/aarch64-linux-gnu")
set(CMAKE_C_STANDARD_INCLUDE_DIRECTORIES ${CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES})

set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(OPENSSL_USE_STATIC_LIBS ON)
# Debian has no static fmt and libzip, and its libcurl.a wants Kerberos, which has none either.
set(ASSAY_FMT_HEADER_ONLY ON)
set(ASSAY_NETWORK OFF)
set(ASSAY_CUDA OFF)  # of the machine that builds

# The CPU is chosen by QEMU_CPU: cortex-a72, cortex-a76, max.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
