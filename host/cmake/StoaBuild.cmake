# Flags and libraries that every target shares.

add_library(stoa_flags INTERFACE)
target_compile_options(stoa_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror -fno-gnu-unique)
if(STOA_SANITIZE)
  target_compile_options(stoa_flags INTERFACE -fsanitize=${STOA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(stoa_flags INTERFACE -fsanitize=${STOA_SANITIZE})
endif()
add_link_options(-fuse-ld=lld)

# RelWithDebInfo with line tables only: half the object size, still a readable backtrace.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Util Net JSON XML Crypto JWT Data DataSQLite DataPostgreSQL)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
pkg_check_modules(JSONCPP REQUIRED IMPORTED_TARGET jsoncpp)
pkg_check_modules(CPPUNIT REQUIRED IMPORTED_TARGET cppunit)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
