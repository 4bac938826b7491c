"""No plugin of the shop has statics with destructors (rule 4 of abi/sdk/README.md): statics.py NM FILE…

The destructor of a static is entered into a table of the process when the library is loaded (__cxa_atexit, Itanium C++ ABI
3.3.6.3). glibc runs and crosses it out when the library goes, but hardly uses the place again while other libraries come:
each upgrade would leave something behind in the host.
"""

import subprocess
import sys
from pathlib import Path


def enters_something(nm: str, file: str) -> bool:
    listed = subprocess.run([nm, "--dynamic", "--undefined-only", file], capture_output=True, text=True, check=True).stdout
    if "malloc" not in listed and "_Znwm" not in listed:
        raise RuntimeError(f"{file} needs no memory: is it a plugin?")
    return "__cxa_atexit" in listed


if __name__ == "__main__":
    nm, *files = sys.argv[1:]
    if not files:
        sys.exit("no plugin named")
    found = [Path(file).name for file in files if enters_something(nm, file)]
    if found:
        sys.exit(f"statics with destructors in {', '.join(found)}: find them with `objdump -dC FILE`, callers of __cxa_atexit")
