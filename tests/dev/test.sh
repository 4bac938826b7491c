# ./dev test: everything that must hold before a change is good.

# shellcheck source=tests/dev/preflight.sh
source tests/dev/preflight.sh
# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh
# shellcheck source=tests/dev/build.sh
source tests/dev/build.sh
# shellcheck source=tests/dev/stack.sh
source tests/dev/stack.sh
# shellcheck source=tests/dev/toxiproxy.sh
source tests/dev/toxiproxy.sh

test_main() {
    local preset=release fast='' options=()
    while [ $# -gt 0 ]; do
        case $1 in
            --fast) fast=yes ;;
            --long) options=(-C long) ;;
            --asan | --tsan) preset=${1#--} ;;
            *) misuse "test does not know \"$1\"" ;;
        esac
        shift
    done
    preflight
    install_packages build
    if [ "$preset" != release ]; then keep_reports "$preset"; fi
    if [ -n "$fast" ]; then
        build "$preset"
        run_tests "$preset" -L fast
    else
        test_with_servers "$preset" "${options[@]}"
    fi
}

# test_with_servers PRESET [CTEST OPTION…]
test_with_servers() {
    local preset=$1
    shift
    install_packages test run
    trap 'stack down --clean' EXIT
    # Nothing of an earlier run may decide this one.
    stack down --clean --quiet
    stack up
    python_packages
    toxiproxy
    build "$preset"
    # shellcheck source=/dev/null
    source build/stack/env
    # The psql in Debian's usual path is a Perl script around this one; it starts several times slower.
    export PATH=/usr/lib/postgresql/15/bin:$PATH
    # Sanitizers make everything slow; what they could find in the replay, the other tests reach as well.
    if [ "$preset" = release ]; then run_tests "$preset" "$@"; else run_tests "$preset" "$@" -LE replay; fi
    trap - EXIT
    step "stop the servers" stack down --clean
    cat "$LOG_DIR/ctest-summary.txt"
    if [ "$preset" = asan ]; then fuzz; fi
}

# What a sanitizer finds in a process that a test started lies in its log, and that of one that a test killed is asked for by
# nobody. So reports go into files, and a file is a failure; UBSan's go to the process's own output, and end it. What else the
# sanitizers are told: host/sanitizers/options.c.
keep_reports() {
    SANITIZER_REPORTS=$LOG_DIR/sanitizer-$1
    rm -rf "$SANITIZER_REPORTS"
    mkdir -p "$SANITIZER_REPORTS"
    local to=log_path=$SANITIZER_REPORTS/report
    export ASAN_OPTIONS=$to LSAN_OPTIONS=$to TSAN_OPTIONS=$to
}

die_of_reports() {
    local report
    [ -d "${SANITIZER_REPORTS:-}" ] || return 0
    report=$(find "$SANITIZER_REPORTS" -type f | sort | head -n 1)
    [ -n "$report" ] || return 0
    head -n 60 "$report" >&2
    die "the sanitizer has something to say: see ${SANITIZER_REPORTS#"$STOA_ROOT"/}/"
}

# The targets of tests/fuzz, a minute each.
fuzz() {
    install_packages fuzz
    build fuzz fuzzers
    run_tests fuzz -L fuzz
    cat "$LOG_DIR/ctest-summary.txt"
}

# run_tests PRESET [CTEST OPTION…]: ends with ctest's summary; a test that did not run is a failure.
run_tests() {
    local preset=$1 log=$LOG_DIR/ctest-$1.log code=0 start=${EPOCHREALTIME/[.,]/}
    shift
    mkdir -p "$LOG_DIR"
    printf '==> test (%s)…\n' "$preset"
    set +e
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j2 "$@" </dev/null | tee "$log"
    code=${PIPESTATUS[0]}
    set -e
    if grep -qE '\*\*\*(Not Run|Skipped)' "$log"; then
        grep -E '\*\*\*(Not Run|Skipped)' "$log" >&2
        die "some tests did not run; each of them counts as failed"
    fi
    die_of_reports
    [ "$code" -eq 0 ] ||
        die "tests failed after $(since "$start") s; run one again with: ctest --test-dir build/$preset --output-on-failure -R NAME"
    grep -E '^([0-9]+% tests passed|Total Test time)' "$log" >"$LOG_DIR/ctest-summary.txt"
}
