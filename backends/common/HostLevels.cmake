# assay_host_level(BACKEND NAME SOURCE FLAGS...)
# One object library, assay_BACKEND_NAME, per instruction-set level: the same kernels, that level's
# flags. Appends its objects to ASSAY_BACKEND_KERNELS (upper case) of the calling folder.
include_guard()

function(assay_host_level backend name source)
  set(target assay_${backend}_${name})
  add_library(${target} OBJECT ${source})
  target_link_libraries(${target} PRIVATE assay_flags tl::expected)
  target_compile_options(${target} PRIVATE ${ARGN})
  if(ASSAY_SANITIZE)
    # Optimising instrumented kernels takes minutes a level; the checks are the same without.
    target_compile_options(${target} PRIVATE -O0 -g0)
  endif()
  # Inline functions of core get names of their own (core/numerics/portable.h).
  target_compile_definitions(${target} PRIVATE ASSAY_ISA=${backend}_${name})
  string(TOUPPER "ASSAY_${backend}_KERNELS" kernels)
  set(${kernels} ${${kernels}} $<TARGET_OBJECTS:${target}> PARENT_SCOPE)
endfunction()
