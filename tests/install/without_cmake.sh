#!/usr/bin/env bash
# without_cmake.sh BUILD: a plugin is built from the installed files with a compiler and pkg-config alone, as stoa.pc
# says, and stoa-validate finds nothing wrong with it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$1" --prefix "$folder/usr" --component dev > "$folder/install.log"
pc=$(dirname "$(find "$folder/usr" -name stoa.pc)")
export PKG_CONFIG_PATH="$pc${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
of_stoa() { pkg-config --variable="$1" stoa; }

"$1/bin/stoactl" new loyalty --dir "$folder" > "$folder/new.log"
cd "$folder/loyalty"
"$(of_stoa bindir)/stoa-manifest" . --output loyalty.json --embed manifest.c
cc -c -fPIC -fvisibility=hidden manifest.c -o manifest.o
read -ra cflags < <(pkg-config --cflags stoa)
read -ra libs < <(pkg-config --libs stoa)
c++ -std=c++20 -O1 -shared -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique "${cflags[@]}" \
    -DSTOA_PLUGIN_NAME='"loyalty"' -DSTOA_PLUGIN_VERSION='"1.0.0"' src/*.cpp manifest.o \
    -Wl,-z,defs,-z,now,--as-needed,--version-script="$(of_stoa version_script)" "${libs[@]}" -o loyalty.so
"$(of_stoa bindir)/stoa-validate" loyalty.so
