# ./dev audit: whether what a shop holds agrees with itself; see tests/audit/. Looks at the shop of ./dev up, also while
# it works, and changes nothing.

# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh

audit_main() {
    install_packages run
    # The psql in Debian's usual path is a Perl script around this one; it starts several times slower.
    export PATH=/usr/lib/postgresql/15/bin:$PATH
    exec /usr/bin/python3 -B tests/audit "$@"
}
