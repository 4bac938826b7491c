"""clang-tidy over every translation unit, with a cache: a unit whose text, headers, flags and rules are the same as
in an earlier run keeps that run's findings. The cache lies outside the tree, so that every clone has it."""

import hashlib
import json
import os
import re
import shlex
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from finding import ROOT, Finding

BUILD = ROOT / "build" / "release"
WORK = ROOT / "build" / "check"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stoa" / "tidy"
KEPT_DAYS = 30
GCC_ONLY = ("-fgnu-unique", "-fno-gnu-unique", "-Werror", "-flto-partition", "-fno-semantic-interposition", "-Wno-dangling-reference")
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
    CACHE.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    rules = hashlib.sha256((version + (ROOT / ".clang-tidy").read_text()).encode()).hexdigest()
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        results = list(pool.map(lambda unit: findings_of(unit, rules), units))
    forget_old()
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


def state_of(unit, rules):
    """Names all that decides the findings; the same in every clone."""
    state = hashlib.sha256((rules + json.dumps(unit["arguments"]).replace(str(ROOT), "")).encode())
    for file in [unit["file"], *unit["headers"]]:
        state.update(Path(file).read_bytes())
    return state.hexdigest()


def findings_of(unit, rules):
    state = state_of(unit, rules)
    cache = CACHE / state
    if cache.exists():
        cache.touch()  # tells forget_old() that it is in use
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
        # Not remembered: memory that ran out says nothing about the text.
        end = (result.stdout + result.stderr).strip().splitlines()[-1:]
        found.append((str(Path(unit["file"]).relative_to(ROOT)), 1, "clang-tidy", f"clang-tidy failed: {end}", "run it by hand"))
    elif state_of(unit, rules) == state:  # nobody wrote to the files meanwhile
        fresh = cache.with_name(f".{cache.name}.{os.getpid()}")
        fresh.write_text(json.dumps(found))
        fresh.replace(cache)
    return {"cached": False, "findings": found}


def forget_old():
    """Removes what no run has asked for in a month."""
    for entry in CACHE.iterdir():
        try:
            if time.time() - entry.stat().st_mtime > KEPT_DAYS * 86400:
                entry.unlink()
        except FileNotFoundError:
            pass  # another run was quicker
