# stoa_module(NAME [LIBRARIES …] [TEST_LIBRARIES …] [TEST_LABELS …])
#
# The sources of this folder as the static library NAME, and its *_test.cpp (CppUnit) as the test NAME_test.
# A module is a folder: public headers, sources, and tests beside the sources.
function(stoa_module name)
  cmake_parse_arguments(arg "" "" "LIBRARIES;TEST_LIBRARIES;TEST_LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
  list(REMOVE_ITEM sources ${tests} "${CMAKE_CURRENT_SOURCE_DIR}/main.cpp")
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_LIBRARIES} PRIVATE stoa_flags)
  if(STOA_TESTS AND tests)
    stoa_test(${name}_test SOURCES ${tests} LIBRARIES ${name} ${arg_TEST_LIBRARIES} LABELS ${arg_TEST_LABELS})
  endif()
endfunction()

# stoa_test(NAME SOURCES … LIBRARIES … [LABELS …]): a CppUnit test program, run by ctest.
# Tests without a label belong to the fast part.
function(stoa_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} stoa_test_main stoa_flags)
  add_test(NAME ${name} COMMAND ${name})
  if(arg_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
  else()
    set_tests_properties(${name} PROPERTIES LABELS fast)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()
