# stoa_add_plugin(NAME [LIBRARIES …])
#
# The folder's src/*.cpp (or *.c) as the plugin NAME.so in ${CMAKE_BINARY_DIR}/plugins, with its compiled manifest
# inside, and test/*_test.cpp (CppUnit) as the test NAME_plugin_test. Where there is stoa-probe, the test NAME_probe runs
# it over the plugin.
#
# Targets: NAME_objects (the sources, shared with the tests), NAME (the plugin), NAME_manifest (the compiled manifest,
# ${CMAKE_BINARY_DIR}/plugins/NAME.manifest.json), NAME_plugin_test.
# A plugin whose sources are all C gets the ABI headers alone; the others the SDK, compiled in.
#
# Needs the targets stoa_abi, stoa_sdk, stoa-manifest, stoa-validate, for tests stoa_fake and stoa_test_main.

function(stoa_add_plugin name)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  set(source_dir "${CMAKE_CURRENT_SOURCE_DIR}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source_dir}/manifest.json")
  file(READ "${source_dir}/manifest.json" manifest)
  string(JSON manifest_name ERROR_VARIABLE name_error GET "${manifest}" name)
  string(JSON version ERROR_VARIABLE version_error GET "${manifest}" version)
  if(name_error OR version_error)
    message(FATAL_ERROR "${source_dir}/manifest.json: ${name_error} ${version_error}")
  elseif(NOT manifest_name STREQUAL name)
    message(FATAL_ERROR "${source_dir}/manifest.json says \"${manifest_name}\", CMakeLists.txt says \"${name}\"")
  endif()

  stoa_compile_manifest(${name})
  stoa_plugin_objects(${name} "${version}" ${arg_LIBRARIES})
  stoa_plugin_library(${name})
  file(GLOB tests CONFIGURE_DEPENDS "${source_dir}/test/*_test.cpp")
  if(tests AND STOA_TESTS)
    stoa_plugin_test(${name} ${tests})
  endif()
  # A sanitizer's own work is no plugin's fault: the time is for the slowest of them.
  if(TARGET stoa-probe AND STOA_TESTS)
    add_test(NAME ${name}_probe COMMAND stoa-probe --timeout-ms 60000 "$<TARGET_FILE:${name}>")
    set_tests_properties(${name}_probe PROPERTIES LABELS fast TIMEOUT 90)
  endif()
endfunction()

# Runs stoa-manifest whenever one of its inputs changes.
function(stoa_compile_manifest name)
  set(source_dir "${CMAKE_CURRENT_SOURCE_DIR}")
  set(json "${CMAKE_BINARY_DIR}/plugins/${name}.manifest.json")
  set(embed "${CMAKE_CURRENT_BINARY_DIR}/${name}_manifest.c")
  # Folder by folder: a build folder inside of the plugin's has JSON files, too.
  file(GLOB inputs CONFIGURE_DEPENDS "${source_dir}/*.json" "${source_dir}/*.yaml" "${source_dir}/migrations/*")
  file(GLOB_RECURSE schemas CONFIGURE_DEPENDS "${source_dir}/events/*.json")
  add_custom_command(
    OUTPUT "${json}" "${embed}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${CMAKE_BINARY_DIR}/plugins"
    COMMAND stoa-manifest "${source_dir}" --output "${json}" --embed "${embed}"
    DEPENDS ${inputs} ${schemas} stoa-manifest
    COMMENT "Compiling the manifest of ${name}"
    VERBATIM)
  add_custom_target(${name}_manifest DEPENDS "${json}")
endfunction()

function(stoa_plugin_objects name version)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp" "${CMAKE_CURRENT_SOURCE_DIR}/src/*.c")
  add_library(${name}_objects OBJECT ${sources})
  target_include_directories(${name}_objects PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/src")
  target_compile_definitions(${name}_objects PUBLIC STOA_PLUGIN_NAME="${name}" STOA_PLUGIN_VERSION="${version}")
  set_target_properties(
    ${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
                               VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${name}_objects PRIVATE -fno-gnu-unique)
  if(sources MATCHES "\\.cpp(;|$)")
    target_link_libraries(${name}_objects PUBLIC stoa_sdk ${ARGN})
  else()
    target_link_libraries(${name}_objects PUBLIC stoa_abi ${ARGN})
  endif()
  if(STOA_PRECOMPILE)
    target_precompile_headers(${name}_objects PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:<stoa/plugin.h$<ANGLE-R>>")
  endif()
  if(TARGET stoa_flags)
    target_link_libraries(${name}_objects PRIVATE stoa_flags)
  endif()
endfunction()

# Exports stoa_plugin_entry and nothing else; every symbol is bound at load; no SONAME, no RUNPATH: the host opens a
# file by its path, and two generations must never be taken for one library.
function(stoa_plugin_library name)
  set(embed "${CMAKE_CURRENT_BINARY_DIR}/${name}_manifest.c")
  add_library(${name} MODULE "${embed}")
  set_source_files_properties("${embed}" PROPERTIES OBJECT_DEPENDS
                              "${CMAKE_BINARY_DIR}/plugins/${name}.manifest.json")
  target_link_libraries(${name} PRIVATE ${name}_objects)
  target_link_options(
    ${name}
    PRIVATE
    "LINKER:--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map"
    LINKER:-z,defs
    LINKER:-z,now
    LINKER:--as-needed
    -fno-gnu-unique)
  set_target_properties(
    ${name}
    PROPERTIES PREFIX ""
               SUFFIX ".so"
               NO_SONAME ON
               SKIP_BUILD_RPATH ON
               INSTALL_RPATH ""
               LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
               LINK_DEPENDS "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")
  if(TARGET stoa_flags)
    target_link_libraries(${name} PRIVATE stoa_flags)
  endif()
  if(TARGET stoa-validate)
    add_custom_command(TARGET ${name} POST_BUILD COMMAND stoa-validate --errors-only "$<TARGET_FILE:${name}>" VERBATIM)
    add_dependencies(${name} stoa-validate)
  endif()
endfunction()

function(stoa_plugin_test name)
  # In a source of their own: paths on every command line would keep ccache from serving a second clone.
  set(places "${CMAKE_CURRENT_BINARY_DIR}/${name}_places.cpp")
  file(CONFIGURE OUTPUT "${places}" @ONLY CONTENT [[
#include <stoa/fake/host.h>
const char* const stoa::fake::kTestManifest = "@CMAKE_BINARY_DIR@/plugins/@name@.manifest.json";
const char* const stoa::fake::kTestFolder = "@CMAKE_CURRENT_SOURCE_DIR@";
]])
  add_executable(${name}_plugin_test ${ARGN} "${places}")
  target_link_libraries(${name}_plugin_test PRIVATE ${name}_objects stoa_fake stoa_test_main)
  if(TARGET stoa_flags)
    target_link_libraries(${name}_plugin_test PRIVATE stoa_flags)
  endif()
  add_dependencies(${name}_plugin_test ${name}_manifest)
  add_test(NAME ${name}_plugin_test COMMAND ${name}_plugin_test)
  set_tests_properties(${name}_plugin_test PROPERTIES LABELS fast TIMEOUT 900)
endfunction()
