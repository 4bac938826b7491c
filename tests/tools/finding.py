"""What a rule reports, and the files that rules look at."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CPP = (".cpp", ".h", ".c", ".hpp")


@dataclass(frozen=True, order=True)
class Finding:
    file: str
    line: int
    rule: str
    what: str
    cure: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.what} [{self.rule}]\n    cure: {self.cure}"


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def all_files():
    """Every file of the project, also those that are not committed yet; nothing that is ignored."""
    names = git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return sorted(Path(name) for name in set(names) if (ROOT / name).is_file() and not (ROOT / name).is_symlink())


def changed_files():
    """Files that differ from the last commit, and those of the commits that no remote has seen."""
    base = "HEAD"
    if git("branch", "--remotes").strip():
        base = git("merge-base", "HEAD", git("rev-parse", "--abbrev-ref", "origin/HEAD").strip()).strip()
    names = git("diff", "--name-only", base).splitlines()
    names += git("ls-files", "--others", "--exclude-standard").splitlines()
    return sorted(Path(name) for name in set(names) if (ROOT / name).is_file())


def text_of(file):
    return (ROOT / file).read_text(encoding="utf-8", errors="replace")
