"""Runs a page of the documentation as a script: run_page.py PAGE --build DIR.

Its ```sh blocks are executed in one bash, in order, in an empty folder where build/release is DIR and HOME is the folder
itself. A ```text block that follows one shows lines of what it prints, in this order; … stands for anything. The
default ports are replaced by free ones.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "fleet"))

from fleet import end_with_parent
from ports import free_port

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LISTENERS = {"8080": "STOA_HTTP_EDGE", "8081": "STOA_HTTP_OPS", "8082": "STOA_HTTP_INTERNAL"}
PATIENCE = 900  # seconds for the whole page


@dataclass
class Step:
    line: int
    script: str
    shown: list[str]


def steps_of(page):
    """The page's blocks: what to run, and what it shows of the output."""
    text = page.read_text(encoding="utf-8")
    steps = []
    for match in BLOCK.finditer(text):
        if match[1] == "sh":
            steps.append(Step(text.count("\n", 0, match.start()) + 2, match[2], []))
        elif match[1] == "text" and steps and not steps[-1].shown:
            steps[-1].shown = match[2].splitlines()
        else:
            sys.exit(f"{page}: a ```{match[1]} block: only sh, and text after it, can be run")
    if not steps:
        sys.exit(f"{page}: there is no sh block")
    return steps


def first_missing(shown, output):
    """The first shown line that the output lacks, in order; None when all are there."""
    rest = iter(output.splitlines())
    for line in shown:
        pattern = re.compile(".*".join(re.escape(part.strip()) for part in line.split("…")))
        if not any(pattern.fullmatch(candidate.strip()) for candidate in rest):
            return line
    return None


class Shell:
    """One bash for the whole page, in a process group of its own, so that what it leaves behind can be ended."""

    def __init__(self, folder, environment):
        self.end = f"end-of-block-{os.getpid()}"
        self.block = tempfile.NamedTemporaryFile("w", suffix=".sh")
        self.begin = time.monotonic()
        self.process = subprocess.Popen(["bash", "-e", "-o", "pipefail"], cwd=folder, env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=end_with_parent)
        # What the page left in the background ends with the shell, and the shell with us, however that comes about.
        self.process.stdin.write("trap 'exit 143' TERM\ntrap 'trap - TERM; kill 0' EXIT\n")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        signal.signal(signal.SIGALRM, lambda *_: self.kill())
        signal.alarm(PATIENCE)

    def run(self, script):
        """What the script prints, and whether it went well."""
        self.block.seek(0)
        self.block.truncate()
        self.block.write(script)
        self.block.flush()
        # From a file of its own: a command that reads its standard input must not find the rest of the page there.
        self.process.stdin.write(f". {self.block.name} < /dev/null\necho; echo {self.end}\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == self.end:
                return "".join(lines), True
            lines.append(line)
        return "".join(lines), False

    def close(self):
        signal.alarm(0)
        self.kill()
        self.process.communicate()
        self.block.close()

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def run(page, folder, environment, ports):
    shell = Shell(folder, environment)
    try:
        for step in steps_of(page):
            script = step.script
            for port, free in ports.items():
                script = script.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free}")
            began = time.monotonic()
            output, ok = shell.run(script)
            print(f"==> {page.name}:{step.line}  {time.monotonic() - began:.1f} s\n{output.rstrip()}", flush=True)
            if not ok:
                return f"{page}:{step.line}: a command failed"
            missing = first_missing(step.shown, output)
            if missing is not None:
                return f"{page}:{step.line}: the page shows this line, and the commands did not print it:\n  {missing}"
        print(f"==> the page took {time.monotonic() - shell.begin:.0f} s")
        return None
    finally:
        shell.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="stoa-page-"))
    (folder / "build").mkdir()
    (folder / "build" / "release").symlink_to(options.build.resolve())
    ports = {port: str(free_port()) for port in LISTENERS}
    environment = {**os.environ, "HOME": str(folder), "PWD": str(folder)}
    environment.pop("STOA_CONTROL", None)
    environment.update({variable: f"127.0.0.1:{ports[port]}" for port, variable in LISTENERS.items()})
    failure = run(options.page, folder, environment, ports)
    if failure:
        for log in sorted(folder.rglob("*.log")):
            print(f"--- {log}\n{log.read_text(errors='replace')[-6000:]}")
        sys.exit(f"{failure}\neverything is left in {folder}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
