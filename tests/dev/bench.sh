# ./dev bench: figures; each benchmark is one file under tests/load/ and ends with a JSON line per figure. One that says
# `SERVERS = True` gets the real servers: those that the environment names, or new ones for as long as it runs. One that says
# `PYTHON_PACKAGES = True` gets the data set of the replay.

# shellcheck source=tests/dev/preflight.sh
source tests/dev/preflight.sh
# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh
# shellcheck source=tests/dev/build.sh
source tests/dev/build.sh
# shellcheck source=tests/dev/stack.sh
source tests/dev/stack.sh

bench_main() {
    local word names=() options=() known=(tests/load/*.py)
    known=("${known[@]##*/}")
    known=("${known[@]%.py}")
    for word in "$@"; do
        case $word in
            --*) options+=("$word") ;;
            *)
                [ -f "tests/load/$word.py" ] || misuse "there is no benchmark \"$word\"; these exist: ${known[*]}"
                names+=("$word")
                ;;
        esac
    done
    [ ${#names[@]} -gt 0 ] || names=("${known[@]}")
    preflight
    install_packages build run bench
    build release shop load_tools
    for word in "${names[@]}"; do
        if grep -q '^SERVERS = True$' "tests/load/$word.py"; then
            start_servers
        fi
        if grep -q '^PYTHON_PACKAGES = True$' "tests/load/$word.py"; then
            install_packages test
            python_packages
        fi
        # -P: a benchmark has the name of what it measures, which may be a module's.
        /usr/bin/python3 -P -B "tests/load/$word.py" "${options[@]}"
    done
}

start_servers() {
    # The psql in Debian's usual path is a Perl script around this one; it starts several times slower.
    export PATH=/usr/lib/postgresql/15/bin:$PATH
    if [ -n "${STOA_TEST_KAFKA:-}" ]; then
        return
    fi
    install_packages test
    trap 'stack down --clean' EXIT
    STOA_STACK_MEASURED=yes stack up
    # shellcheck source=/dev/null
    source build/stack/env
}
