"""The routes of the shop and of the outside world, as built: what a test asks that wants to have asked for all of them."""

import json

import topology
from support import surroundings


def manifests() -> dict:
    """The compiled manifest of every plugin under plugins/, by name."""
    names = sorted(file.parent.name for file in (topology.ROOT / "plugins").glob("*/manifest.json"))
    return {name: json.loads((surroundings.build / "plugins" / f"{name}.manifest.json").read_text()) for name in names}


def routes() -> dict:
    """(plugin, operation) → the manifest's route."""
    return {(plugin, route["operation"]): route for plugin, manifest in manifests().items() for route in manifest["routes"]}
