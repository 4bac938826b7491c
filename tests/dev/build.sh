# Configures and builds a preset; quiet when there is nothing to do.

# build PRESET [TARGET…]
build() {
    local preset=$1
    shift
    if [ ! -e "build/$preset/build.ninja" ]; then
        step "configure ($preset)" cmake --preset "$preset"
    fi
    if [ -t 1 ]; then
        step_shown "build ($preset)" ninja -C "build/$preset" --quiet -j"$(nproc)" "$@"
    else
        step "build ($preset)" ninja -C "build/$preset" -j"$(nproc)" "$@"
    fi
}
