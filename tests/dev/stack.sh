# ./dev stack: the real servers of the tests; see tests/stack/.

# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh

stack_main() {
    local action=${1:-status}
    [ $# -eq 0 ] || shift
    case $action in
        up)
            install_packages test
            stack up "$@"
            ;;
        down | status) stack "$action" "$@" ;;
        *) misuse "stack wants up, down or status, not \"$action\"" ;;
    esac
}

# Debian's own interpreter: python3-aiosmtpd is installed for that one.
stack() {
    [ -x /usr/bin/python3 ] || { echo "The test stack is not running."; return; }
    /usr/bin/python3 -B tests/stack/stack.py "$@"
}
