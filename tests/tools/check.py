"""./dev check: every rule over every file (or, with --changed, over what changed). Each finding names file and line,
the rule, and the cure; no finding, no output but the wall times."""

import argparse
import sys
import time

from finding import all_files, changed_files
from rules import formatting, includes, scripts, sizes, tidy

QUICK = [("format", formatting.check), ("includes", includes.check), ("sizes", sizes.check), ("scripts", scripts.check)]


def main():
    parser = argparse.ArgumentParser(prog="./dev check", description=__doc__)
    parser.add_argument("--changed", action="store_true", help="only files that differ from what is pushed")
    parser.add_argument("--no-tidy", action="store_true", help="leave out clang-tidy, the slow part")
    parser.add_argument("paths", nargs="*", help="only files below these paths")
    options = parser.parse_args()
    files = changed_files() if options.changed else all_files()
    if options.paths:
        files = [file for file in files if str(file).startswith(tuple(options.paths))]
    count = 0
    for name, rule in QUICK + ([] if options.no_tidy else [("clang-tidy", tidy.check)]):
        begin = time.monotonic()
        findings = sorted(set(rule(files)))
        for finding in findings:
            print(finding)
        count += len(findings)
        print(f"==> {name}: {len(findings) or 'nothing'} in {len(files)} files  {time.monotonic() - begin:.1f} s", flush=True)
    if count:
        sys.exit(f"./dev check: {count} findings")


if __name__ == "__main__":
    main()
