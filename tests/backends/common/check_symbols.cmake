# Fails if an object file of one instruction-set level defines a symbol that does not name the level.
# Usage: cmake -DNM=nm -DLEVEL=cpu_avx2 -DOBJECTS=a.o;b.o -P check_symbols.cmake
string(REGEX REPLACE "^[^_]*_" "" name "${LEVEL}")
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} -C --defined-only --extern-only "${object}" OUTPUT_VARIABLE symbols
                  COMMAND_ERROR_IS_FATAL ANY)
  string(STRIP "${symbols}" symbols)
  string(REPLACE "\n" ";" symbols "${symbols}")
  foreach(symbol IN LISTS symbols)
    string(TOLOWER "${symbol}" lower)
    if(NOT lower MATCHES "${name}")
      message(SEND_ERROR "${object} defines '${symbol}', which is not ${LEVEL}'s alone: make it a"
                         " template over the level or ASSAY_INLINE (backends/common/isa/inline.h)")
    endif()
  endforeach()
endforeach()
