# Finds nvcc, and compiles .cu files with it. CMake's own CUDA language is not used: it probes the
# toolkit at every configuration, and links what it likes.
#   ASSAY_CUDA                  ON (default): build backends/cuda where nvcc is found
#   ASSAY_CUDA_ARCHITECTURES    "80;86;89;90;100-virtual;120-virtual", or "native" (of this machine's
#                               GPUs): N-real is machine code alone, N-virtual PTX alone, N both
#   assay_cuda_library(NAME SOURCES ... CUDA ... [CUDA_90 ...] [CUDA_90A ...] [DEPS ...])
#                               CUDA_90: for compute capability 9.0 and later alone; CUDA_90A: for
#                               9.0 alone, with the instructions that no later one has
# Sets ASSAY_CUDA_FOUND, or says in a STATUS line why the backend is skipped.
include_guard()

option(ASSAY_CUDA "Build the CUDA backend where nvcc is found" ON)
set(ASSAY_CUDA_ARCHITECTURES "80-real;86-real;89-real;90-real;100-virtual;120-virtual" CACHE STRING
    "GPUs to compile for, or native")
set(ASSAY_CUDA_FOUND OFF)

# The compute capabilities of this machine's GPUs, without doubles; empty if there is none.
function(assay_native_architectures out)
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
                  OUTPUT_VARIABLE lines ERROR_QUIET RESULT_VARIABLE status)
  set(found "")
  if(status EQUAL 0)
    string(REGEX MATCHALL "[0-9]+\\.[0-9]+" found "${lines}")
    list(TRANSFORM found REPLACE "\\." "")
    list(REMOVE_DUPLICATES found)
    list(TRANSFORM found APPEND "-real")
  endif()
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

if(ASSAY_CUDA AND NOT ASSAY_SANITIZE)
  find_program(ASSAY_NVCC nvcc HINTS ENV CUDA_PATH ENV CUDA_HOME PATHS /usr/local/cuda
               PATH_SUFFIXES bin)
  if(ASSAY_NVCC)
    file(REAL_PATH "${ASSAY_NVCC}" nvcc)
    cmake_path(GET nvcc PARENT_PATH bin)
    cmake_path(GET bin PARENT_PATH ASSAY_CUDA_ROOT)
    find_path(ASSAY_CUDA_INCLUDE cuda_runtime_api.h HINTS "${ASSAY_CUDA_ROOT}/include"
              "${ASSAY_CUDA_ROOT}/targets/x86_64-linux/include")
    find_library(ASSAY_CUDART libcudart_static.a HINTS "${ASSAY_CUDA_ROOT}/lib64"
                 "${ASSAY_CUDA_ROOT}/targets/x86_64-linux/lib" "${ASSAY_CUDA_ROOT}/lib")
  endif()
  set(ASSAY_CUDA_GPUS "${ASSAY_CUDA_ARCHITECTURES}")
  if(ASSAY_CUDA_GPUS STREQUAL "native")
    assay_native_architectures(ASSAY_CUDA_GPUS)
  endif()
  if(NOT ASSAY_NVCC)
    message(STATUS "Skipping cuda: no nvcc (set CUDA_PATH, or install the CUDA toolkit)")
  elseif(NOT ASSAY_CUDA_INCLUDE OR NOT ASSAY_CUDART)
    message(STATUS "Skipping cuda: ${ASSAY_CUDA_ROOT} has no cuda_runtime_api.h or libcudart_static.a")
  elseif(NOT ASSAY_CUDA_GPUS)
    message(STATUS "Skipping cuda: native, and nvidia-smi finds no GPU here")
  else()
    set(ASSAY_CUDA_FOUND ON)
    message(STATUS "assay: cuda: ${ASSAY_NVCC}, for ${ASSAY_CUDA_GPUS}")
  endif()
elseif(ASSAY_CUDA)
  message(STATUS "Skipping cuda: this is a build with sanitizers")
else()
  message(STATUS "Skipping cuda: ASSAY_CUDA is off")
endif()

# The bits are docs/numerics.md's: no contraction, no flush to zero, IEEE division and square root.
set(ASSAY_NVCC_FLAGS -std=c++20 -O3 -fmad=false -ftz=false -prec-div=true -prec-sqrt=true
    --expt-relaxed-constexpr --threads 1 -Xcompiler=-fPIC,-ffp-contract=off,-Wall,-Wextra)

# -gencode flags of the GPUs of at least this compute capability; empty if there are none.
function(assay_nvcc_generate out least)
  set(flags "")
  foreach(gpu IN LISTS ASSAY_CUDA_GPUS)
    string(REGEX REPLACE "-.*" "" number "${gpu}")
    if(number LESS least)
      continue()
    endif()
    set(codes "")
    if(NOT gpu MATCHES "-virtual$")
      list(APPEND codes "sm_${number}")
    endif()
    if(NOT gpu MATCHES "-real$")
      list(APPEND codes "compute_${number}")
    endif()
    list(JOIN codes "," codes)
    list(APPEND flags "-gencode=arch=compute_${number},code=[${codes}]")
  endforeach()
  set(${out} "${flags}" PARENT_SCOPE)
endfunction()

function(assay_cuda_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;CUDA;CUDA_90;CUDA_90A;DEPS" ${ARGN})
  assay_nvcc_generate(generate_all 0)
  assay_nvcc_generate(generate_90 90)
  set(launcher "")
  if(ASSAY_CCACHE)
    set(launcher "${ASSAY_CCACHE}")
  endif()
  set(objects "")
  foreach(source IN LISTS ARG_CUDA ARG_CUDA_90 ARG_CUDA_90A)
    set(generate ${generate_all})
    if(source IN_LIST ARG_CUDA_90)
      set(generate ${generate_90})
    elseif(source IN_LIST ARG_CUDA_90A)
      set(generate "-gencode=arch=compute_90a,code=sm_90a")
    endif()
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE input)
    set(object "${CMAKE_CURRENT_BINARY_DIR}/${source}.o")
    cmake_path(GET object PARENT_PATH folder)
    file(MAKE_DIRECTORY "${folder}")
    add_custom_command(
      OUTPUT "${object}"
      COMMAND ${launcher} "${ASSAY_NVCC}" ${ASSAY_NVCC_FLAGS} ${generate}
              -ccbin "${CMAKE_CXX_COMPILER}" -I "${PROJECT_SOURCE_DIR}" -MD -MF "${object}.d"
              -c "${input}" -o "${object}"
      DEPENDS "${input}"
      DEPFILE "${object}.d"
      COMMENT "nvcc ${source}"
      VERBATIM)
    list(APPEND objects "${object}")
  endforeach()
  assay_library(${name} SOURCES ${ARG_SOURCES} ${objects} DEPS ${ARG_DEPS})
  target_include_directories(${name} SYSTEM PUBLIC "${ASSAY_CUDA_INCLUDE}")
  # The runtime inside the binary, which opens the driver when it is first asked: a machine without
  # one starts the program all the same.
  target_link_libraries(${name} PRIVATE "${ASSAY_CUDART}" ${CMAKE_DL_LIBS} Threads::Threads rt)
endfunction()
