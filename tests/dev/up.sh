# ./dev up: from a fresh clone to a shop that answers; see tests/fleet/ and tests/demo/.

# shellcheck source=tests/dev/preflight.sh
source tests/dev/preflight.sh
# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh
# shellcheck source=tests/dev/build.sh
source tests/dev/build.sh

up_main() {
    local topology=all-in-one port=8080 check=
    while [ $# -gt 0 ]; do
        case $1 in
            --topology | --port) [ $# -ge 2 ] || misuse "$1 wants a value" ;;&
            --topology) topology=$2 && shift ;;
            --topology=*) topology=${1#*=} ;;
            --port) port=$2 && shift ;;
            --port=*) port=${1#*=} ;;
            --check) check=yes ;;
            *) misuse "up does not know \"$1\"" ;;
        esac
        shift
    done
    [ -f "conf/topologies/$topology.yaml" ] ||
        misuse "there is no topology \"$topology\"; these exist: $(cd conf/topologies && echo *.yaml | sed 's/\.yaml//g')"
    [[ $port =~ ^[0-9]+$ ]] || misuse "--port wants a number, not \"$port\""
    preflight
    # The check has a folder and ports of its own, so that it disturbs no shop that is running.
    [ -n "$check" ] || port_free "$port"
    install_packages build run
    build release shop
    if [ -n "$check" ]; then
        exec /usr/bin/python3 -B tests/demo/check.py --topology "$topology"
    fi
    exec /usr/bin/python3 -B tests/demo/up.py --topology "$topology" --port "$port"
}
