"""clang-tidy over every translation unit, with a cache: a unit whose text, headers, flags and rules are the same as
in an earlier run keeps that run's findings (build/check/tidy/)."""

import hashlib
import json
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from finding import ROOT, Finding

BUILD = ROOT / "build" / "release"
WORK = ROOT / "build" / "check"
GCC_ONLY = ("-fno-gnu-unique", "-Werror", "-flto-partition", "-fno-semantic-interposition", "-Wno-dangling-reference")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^">]+)[">]', re.MULTILINE)
MESSAGE = re.compile(r"^(/.+?):(\d+):\d+: (?:error|warning): (.*) \[([^\]]+)\]$", re.MULTILINE)
CURES = {
    "readability-identifier-naming": "rename it: Types, functionsLikeThis, variables_like_this, members_, kConstants",
    "clang-diagnostic-error": "clang does not compile this although gcc does; write it so that both do",
}


def check(files, jobs=None):
    """Findings in the translation units among `files`, and in those that include a header among them."""
    wanted = {str(ROOT / file) for file in files}
    every = list(compile_commands())
    write_commands(every)
    units = [unit for unit in every if wanted & {unit["file"], *unit["headers"]}]
    (WORK / "tidy").mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    rules = hashlib.sha256((version + (ROOT / ".clang-tidy").read_text()).encode()).hexdigest()
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        results = list(pool.map(lambda unit: findings_of(unit, rules), units))
    fresh = sum(1 for result in results if not result["cached"])
    print(f"    clang-tidy: {len(units)} units, {fresh} of them looked at again", flush=True)
    found = {Finding(*entry) for result in results for entry in result["findings"]}
    return sorted(finding for finding in found if str(ROOT / finding.file) in wanted)


def compile_commands():
    """The units of the release build that lie in the tree, without flags that only gcc knows, each with its headers.
    A file that several targets compile (the tests' main) counts once."""
    seen = set()
    for unit in json.loads((BUILD / "compile_commands.json").read_text()):
        file = Path(unit["directory"], unit["file"]).resolve()
        if not file.is_relative_to(ROOT) or file.is_relative_to(ROOT / "build") or file in seen or not file.exists():
            continue
        seen.add(file)
        arguments = [word for word in shlex.split(unit["command"]) if not word.startswith(GCC_ONLY)]
        launcher = [place for place, word in enumerate(arguments) if word.endswith("ccache")]
        arguments = arguments[launcher[0] + 1 if launcher else 0:]
        folders = [Path(word[2:]) for word in arguments if word.startswith(f"-I{ROOT}")]
        yield {"file": str(file), "directory": unit["directory"], "arguments": arguments,
               "headers": sorted(map(str, headers(file, folders, set())))}


def headers(file, folders, seen):
    """Headers of ours that the file reaches, by following its include lines."""
    for name in INCLUDE.findall(file.read_text(errors="replace")):
        for folder in [file.parent, *folders]:
            candidate = folder / name
            if candidate.is_file() and candidate.resolve() not in seen:
                seen.add(candidate.resolve())
                headers(candidate.resolve(), folders, seen)
                break
    return seen


def write_commands(units):
    WORK.mkdir(parents=True, exist_ok=True)
    text = json.dumps([{key: unit[key] for key in ("file", "directory", "arguments")} for unit in units])
    mine = WORK / f"compile_commands.{os.getpid()}"
    mine.write_text(text)
    mine.replace(WORK / "compile_commands.json")  # a check that runs beside this one never reads half of it


def findings_of(unit, rules):
    state = hashlib.sha256((rules + json.dumps(unit["arguments"])).encode())
    for file in [unit["file"], *unit["headers"]]:
        state.update(Path(file).read_bytes())
    cache = WORK / "tidy" / state.hexdigest()
    if cache.exists():
        return {"cached": True, "findings": json.loads(cache.read_text())}
    # C keeps C's names.
    options = ["--checks=-readability-identifier-naming"] if unit["file"].endswith(".c") else []
    result = subprocess.run(["clang-tidy", "--quiet", f"-p={WORK}", *options, unit["file"]], capture_output=True, text=True,
                            cwd=ROOT)
    found = []
    for file, line, what, rule in MESSAGE.findall(result.stdout):
        rule = rule.split(",")[0]
        place = Path(file).resolve()
        if place.is_relative_to(ROOT):
            cure = CURES.get(rule, f"mend it; a real exception is marked NOLINT({rule}) with the reason beside it")
            found.append((str(place.relative_to(ROOT)), int(line), rule, what, cure))
    if result.returncode and not found:
        end = (result.stdout + result.stderr).strip().splitlines()[-1:]
        found.append((str(Path(unit["file"]).relative_to(ROOT)), 1, "clang-tidy", f"clang-tidy failed: {end}", "run it by hand"))
    cache.write_text(json.dumps(found))
    return {"cached": False, "findings": found}
