# Installs the Debian packages of some groups of packages.txt, and the tests' Python packages; silent when nothing is missing.

# install_packages GROUP…
install_packages() {
    local missing
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null ||
        die "these packages are missing: $missing; run \"sudo -v\" first, or as root: apt-get install $missing"
    # shellcheck disable=SC2086
    step "install $(wc -w <<<"$missing") Debian packages" apt_install $missing
}

# missing_packages GROUP…: the packages of these groups that are not installed.
missing_packages() {
    local wanted installed
    wanted=$(awk -v groups=" $* " '/^[^#]/ && index(groups, " " $1 " ") { print $2 }' tests/dev/packages.txt | sort -u)
    # shellcheck disable=SC2086
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | sort -u)
    comm -23 <(echo "$wanted") <(echo "$installed") | xargs
}

apt_install() {
    local package
    for package in "$@"; do
        if ! apt-cache policy "$package" | grep -q 'Candidate: [^(]'; then
            as_root apt-get update
            break
        fi
    done
    # Package lists that are too old name files that are gone: refresh them once and try again.
    install_now "$@" || { as_root apt-get update && install_now "$@"; }
}

install_now() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install "$@"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# What the replay reads its baskets with, and what asks services for their documents, in build/venv; made again when the
# requirements change.
python_packages() {
    cmp -s <(cat tests/*/requirements.txt) build/venv/requirements.txt || step "install Python packages" make_venv
}

make_venv() {
    local file
    rm -rf build/venv
    python3 -m venv build/venv
    for file in tests/*/requirements.txt; do
        build/venv/bin/pip install --no-deps --requirement "$file"
    done
    cat tests/*/requirements.txt >build/venv/requirements.txt
}
