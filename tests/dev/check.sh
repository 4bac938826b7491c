# ./dev check: what a reader should not have to point out; see tests/tools/.

# shellcheck source=tests/dev/install.sh
source tests/dev/install.sh
# shellcheck source=tests/dev/build.sh
source tests/dev/build.sh

check_main() {
    install_packages build check
    case " $* " in
        *" --no-tidy "*) ;;
        *)
            # clang-tidy wants to know how each file is compiled.
            step "configure (release)" cmake --preset release
            ;;
    esac
    python3 -B tests/tools/check.py "$@"
}
