# What `cmake --install BUILD --component dev` copies: everything that a plugin needs to be built and tested elsewhere.
# The other component is `host`: the host, stoactl and stoa-probe (host/app, host/control/stoactl, host/probe).

include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Stoa")

foreach(headers include sdk/include fake/include)
  install(DIRECTORY ${headers}/stoa DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev FILES_MATCHING PATTERN "*.h")
endforeach()
install(DIRECTORY template DESTINATION "${CMAKE_INSTALL_DATADIR}/stoa" COMPONENT dev)

# stoa_validate is there for the fake host, which checks what the host checks; its headers are not part of the SDK.
set(libraries stoa_abi stoa_sdk stoa_validate stoa_fake)
if(STOA_TESTS)
  list(APPEND libraries stoa_test_main)
endif()
install(
  TARGETS ${libraries} stoa-manifest stoa-validate
  EXPORT StoaTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT dev)
install(EXPORT StoaTargets DESTINATION "${package_dir}" COMPONENT dev)

configure_package_config_file(cmake/StoaConfig.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/StoaConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/StoaConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/StoaConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/StoaConfigVersion.cmake"
              cmake/StoaPlugin.cmake cmake/plugin.map DESTINATION "${package_dir}" COMPONENT dev)

# For other build systems. The prefix is found from the file's own place: it may be installed anywhere.
file(RELATIVE_PATH prefix_from_pc "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
configure_file(cmake/stoa.pc.in "${CMAKE_CURRENT_BINARY_DIR}/stoa.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/stoa.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)

# Builds what the component dev copies.
list(REMOVE_ITEM libraries stoa_abi)
add_custom_target(stoa-dev)
add_dependencies(stoa-dev ${libraries} stoa-manifest stoa-validate)
