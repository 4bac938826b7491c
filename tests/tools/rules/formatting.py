"""clang-format, and what every text file keeps: no trailing blanks, no tabs in sources, a line break at the end."""

import re
import subprocess

from finding import CPP, ROOT, Finding, text_of

TEXT = CPP + (".py", ".sh", ".md", ".sql", ".json", ".yaml", ".yml", ".cmake", ".txt", ".js", ".html", ".css")
MESSAGE = re.compile(r"^(.+?):(\d+):\d+: (?:error|warning): (code should be clang-formatted)", re.MULTILINE)


def check(files):
    sources = [str(file) for file in files if file.suffix in CPP]
    if sources:
        result = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], cwd=ROOT, capture_output=True, text=True)
        seen = set()
        for file, line, what in MESSAGE.findall(result.stderr):
            if file not in seen:  # the first place tells enough
                seen.add(file)
                yield Finding(file, int(line), "format", what, f"clang-format -i {file}")
    for file in files:
        if file.suffix in TEXT:
            yield from blanks(file)


def blanks(file):
    text = text_of(file)
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield Finding(str(file), number, "format-blank", "blanks at the end of the line", f"sed -i 's/[[:space:]]*$//' {file}")
            break
    if text and not text.endswith("\n"):
        yield Finding(str(file), text.count("\n") + 1, "format-end", "no line break at the end", f"echo >> {file}")
