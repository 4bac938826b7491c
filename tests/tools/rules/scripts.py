"""Shell and Python scripts: they parse, and shellcheck has nothing to say."""

import ast
import re
import shutil
import subprocess

from finding import ROOT, Finding, text_of

PLACE = re.compile(r"line (\d+)")


def check(files):
    shell = [file for file in files if is_shell(file)]
    for file in shell:
        result = subprocess.run(["bash", "-n", file], cwd=ROOT, capture_output=True, text=True)
        if result.returncode:
            place = PLACE.search(result.stderr)
            yield Finding(str(file), int(place[1]) if place else 1, "bash-syntax", result.stderr.strip().splitlines()[0], "see bash -n")
    if shell and shutil.which("shellcheck"):
        yield from shellcheck(shell)
    for file in files:
        if file.suffix == ".py":
            try:
                ast.parse(text_of(file), str(file))
            except SyntaxError as error:
                yield Finding(str(file), error.lineno or 1, "python-syntax", error.msg, "see python3 -m py_compile")


def is_shell(file):
    return file.suffix == ".sh" or (file.suffix == "" and re.match(r"#!.*\bbash\b", text_of(file)[:60]) is not None)


def shellcheck(files):
    result = subprocess.run(["shellcheck", "--external-sources", "--shell=bash", "--severity=warning", "--format=gcc", *files],
                            cwd=ROOT, capture_output=True, text=True)
    for line in result.stdout.splitlines():
        match = re.match(r"(.+?):(\d+):\d+: \w+: (.*) \[(SC\d+)\]", line)
        if match:
            yield Finding(match[1], int(match[2]), match[4], match[3], f"shellcheck's wiki, page {match[4]}, says what to write instead")
