"""A figure as a benchmark prints it, last on standard output: a line of JSON."""

import json
import statistics


def figure(bench, case, metric, value, unit, reference=None, reference_value=None) -> str:
    """`reference`: what it is compared with, measured in the same run."""
    fields = {"bench": bench, "case": case, "metric": metric, "value": round(value, 3), "unit": unit}
    if reference:
        fields |= {"reference": reference, "reference_value": round(reference_value, 3), "ratio": round(value / reference_value, 3)}
    return json.dumps(fields)


def median_of(results, name):
    return statistics.median(getattr(each, name) for each in results)
