# ./dev bench: figures; each benchmark is one file under tests/load/ and ends with a JSON line per figure.

# shellcheck source=tests/dev/preflight.sh
source tests/dev/preflight.sh
# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh
# shellcheck source=tests/dev/build.sh
source tests/dev/build.sh

bench_main() {
    local name known=(tests/load/*.py)
    known=("${known[@]##*/}")
    known=("${known[@]%.py}")
    for name in "$@"; do
        [ -f "tests/load/$name.py" ] || misuse "there is no benchmark \"$name\"; these exist: ${known[*]}"
    done
    [ $# -gt 0 ] || set -- "${known[@]}"
    preflight
    install_packages build run
    build release shop
    for name in "$@"; do
        /usr/bin/python3 -B "tests/load/$name.py"
    done
}
