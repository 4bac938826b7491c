# stoa_frozen_plugin(NAME LIBRARY): the folder's src/ as the plugin NAME.so, compiled against LIBRARY (frozen headers, or a
# frozen SDK with them) and nothing of abi/. The manifest is compiled by today's stoa-manifest: its format is kept, too.
function(stoa_frozen_plugin name library)
  file(READ "${CMAKE_CURRENT_SOURCE_DIR}/manifest.json" manifest)
  string(JSON version GET "${manifest}" version)
  stoa_compile_manifest(${name})
  file(GLOB sources CONFIGURE_DEPENDS src/*.c src/*.cpp)
  add_library(${name}_objects OBJECT ${sources})
  target_compile_definitions(${name}_objects PRIVATE STOA_PLUGIN_NAME="${name}" STOA_PLUGIN_VERSION="${version}")
  target_compile_options(${name}_objects PRIVATE -fno-gnu-unique)
  set_target_properties(
    ${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
                               VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name}_objects PUBLIC ${library} PRIVATE stoa_flags)
  stoa_plugin_library(${name})
  # Loads it in a process of its own, calls all that the manifest describes, unloads it and looks whether it is gone.
  if(STOA_TESTS)
    add_test(NAME ${name}_probe COMMAND stoa-probe --timeout-ms 60000 "$<TARGET_FILE:${name}>")
    set_tests_properties(${name}_probe PROPERTIES LABELS fast TIMEOUT 90)
  endif()
endfunction()
