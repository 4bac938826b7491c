"""conf/topologies/<name>.yaml: which hosts there are, and which plugins and configuration each one has, over what
conf/shop.yaml says for all of them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "conf" / "topologies"
SHARED = ROOT / "conf" / "shop.yaml"
PLACEHOLDER = re.compile(r"\$\{([a-z]+)(?::([a-z0-9_-]+))?\}")


class FleetError(Exception):
    """The fleet cannot run; the message says why and what to do."""


@dataclass
class HostPlan:
    """What one process runs; `config` is what its host.yaml will say, placeholders not yet filled in."""
    name: str
    plugins: list
    config: dict = field(default_factory=dict)


def read(name) -> list:
    """The plans of a topology, by the name of its file, or its path when it is one of others."""
    file = name if isinstance(name, Path) else FOLDER / f"{name}.yaml"
    if not file.exists():
        known = ", ".join(sorted(found.stem for found in FOLDER.glob("*.yaml")))
        raise FleetError(f"there is no topology \"{name}\"; these exist: {known}")
    text = yaml.safe_load(file.read_text())
    common = merged(yaml.safe_load(SHARED.read_text()), text.get("common", {}))
    return [HostPlan(host, plan["plugins"], merged(common, plan.get("config", {}))) for host, plan in text["hosts"].items()]


def merged(base: dict, over: dict) -> dict:
    """`over` laid on `base`: maps merge, anything else replaces."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def filled(value, lookup):
    """The value with every ${name} and ${name:argument} replaced by lookup(name, argument)."""
    if isinstance(value, dict):
        return {key: filled(inner, lookup) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, lookup) for inner in value]
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: lookup(match[1], match[2]), value)
    return value
