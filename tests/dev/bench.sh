# ./dev bench: figures; each benchmark is one file under tests/bench/ and ends with a JSON line per figure.

# shellcheck source=tests/dev/preflight.sh
source tests/dev/preflight.sh
# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh
# shellcheck source=tests/dev/build.sh
source tests/dev/build.sh

bench_main() {
    local name
    for name in "$@"; do
        [ -f "tests/bench/$name.py" ] ||
            misuse "there is no benchmark \"$name\"; these exist: $(cd tests/bench && echo *.py | sed 's/\.py//g')"
    done
    preflight
    install_packages build run
    build release
    [ $# -gt 0 ] || set -- $(cd tests/bench && echo *.py | sed 's/\.py//g')
    for name in "$@"; do
        /usr/bin/python3 -B "tests/bench/$name.py"
    done
}
