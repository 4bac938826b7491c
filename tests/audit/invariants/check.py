"""What every check has in common."""

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that disagrees. `about`: what it is, by kind ("order", "payment", "product" …)."""
    about: dict
    says: str

    def __str__(self):
        return " ".join(f"{kind} {name}" for kind, name in self.about.items()) + f": {self.says}"


class Check:
    """One invariant. `run` looks at the evidence, counts what it looked at, and keeps what it finds."""

    number = 0
    name = ""
    holds = ""  # a sentence: what must hold

    def __init__(self, evidence):
        self.evidence = evidence
        self.looked = Counter()
        self.left_out = 0  # orders under way
        self.findings = []

    def run(self):
        raise NotImplementedError

    def look(self, what, things):
        """The things, counted."""
        for thing in things:
            self.looked[what] += 1
            yield thing

    def settled_orders(self, *states):
        """The orders in these states, or all, but those that are under way."""
        for order in self.evidence.order.orders:
            if states and order.status not in states:
                continue
            if self.evidence.settled(order.order_id):
                self.looked["orders"] += 1
                yield order
            else:
                self.left_out += 1

    def found(self, says, **about):
        self.findings.append(Finding(about, says))
