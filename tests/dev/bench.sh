# ./dev bench: figures; each benchmark is one file under tests/bench/ and ends with a JSON line per figure.

# shellcheck source=tests/dev/preflight.sh
source tests/dev/preflight.sh
# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh
# shellcheck source=tests/dev/build.sh
source tests/dev/build.sh

bench_main() {
    local name known=(tests/bench/*.py)
    known=("${known[@]##*/}")
    known=("${known[@]%.py}")
    for name in "$@"; do
        [ -f "tests/bench/$name.py" ] || misuse "there is no benchmark \"$name\"; these exist: ${known[*]}"
    done
    [ $# -gt 0 ] || set -- "${known[@]}"
    preflight
    install_packages build run
    build release shop
    for name in "$@"; do
        /usr/bin/python3 -B "tests/bench/$name.py"
    done
}
