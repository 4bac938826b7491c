"""What run.py was told: where the programs are, where data go, which stores and topology."""

from pathlib import Path

build = Path()
run = Path()
stores = "embedded"
topology = "all-in-one"


def host_program() -> Path:
    return build / "bin" / "host"


def stoactl_program() -> Path:
    return build / "bin" / "stoactl"


def plugin(name: str) -> Path:
    return build / "plugins" / f"{name}.so"
