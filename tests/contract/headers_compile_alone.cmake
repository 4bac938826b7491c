# Compiles every header below INCLUDE by itself, with the compilers CC and CXX. A header that counts on what another
# one included before, or that is C or C++ only, fails.
set(warnings -Wall -Wextra -Wpedantic -Werror -Wundef -fsyntax-only)
file(GLOB_RECURSE headers "${INCLUDE}/*.h")
if(NOT headers)
  message(FATAL_ERROR "no header below ${INCLUDE}")
endif()
foreach(header IN LISTS headers)
  foreach(language IN ITEMS "${CC};-std=c11;-x;c;-Wstrict-prototypes" "${CXX};-std=c++17;-x;c++")
    execute_process(COMMAND ${language} ${warnings} "-I${INCLUDE}" -include "${header}" /dev/null
                    RESULT_VARIABLE result ERROR_VARIABLE errors)
    if(NOT result EQUAL 0)
      message(SEND_ERROR "${header} does not compile alone (${language}):\n${errors}")
    endif()
  endforeach()
endforeach()
list(LENGTH headers count)
message(STATUS "${count} headers compile alone, as C11 and as C++17")
