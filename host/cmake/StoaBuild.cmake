# Flags and libraries that every target shares.

add_library(stoa_flags INTERFACE)
target_compile_options(stoa_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror
                       $<$<C_COMPILER_ID:GNU>:-fno-gnu-unique>)
if(STOA_FUZZ)
  target_compile_options(stoa_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(STOA_SANITIZE)
  target_compile_options(stoa_flags INTERFACE -fsanitize=${STOA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(STOA_SANITIZE MATCHES "undefined")
    # What AddressSanitizer stops at as well; it costs a third of the time of a build.
    target_compile_options(stoa_flags INTERFACE -fno-sanitize=null,object-size,vptr)
  endif()
  target_link_options(stoa_flags INTERFACE -fsanitize=${STOA_SANITIZE})
  # Programs alone: a plugin lives with what its host was told.
  target_sources(stoa_flags INTERFACE
                 $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${CMAKE_SOURCE_DIR}/host/sanitizers/options.c>)
  if(STOA_SANITIZE MATCHES "thread")
    target_sources(stoa_flags INTERFACE
                   $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${CMAKE_SOURCE_DIR}/host/sanitizers/c11_threads.c>)
  endif()
endif()
add_link_options(-fuse-ld=lld)

# RelWithDebInfo with line tables only: half the object size, still a readable backtrace.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

# A sanitizer's build keeps its assertions, but must be quick enough for a whole shop's deadlines.
if(STOA_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
  set(CMAKE_C_FLAGS_DEBUG "-O1 -g1")
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Util Net JSON XML Crypto JWT Data DataSQLite)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
pkg_check_modules(JSONCPP REQUIRED IMPORTED_TARGET jsoncpp)
pkg_check_modules(CPPUNIT REQUIRED IMPORTED_TARGET cppunit)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
