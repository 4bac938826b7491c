"""Looks at a shop and says what does not agree."""

import time

from .evidence import gather, quiet
from .invariants import ALL, LATER
from .invariants.rest import Rest

PAUSE = 0.2  # seconds between two looks at a shop that moves


class Report:
    def __init__(self, checks, evidence, seconds):
        self.checks, self.at_rest, self.seconds = checks, evidence.at_rest, seconds
        self.dead_letters = [f"{letter.headers.get('dlq_service')} gave up {letter.headers.get('dlq_topic')} of {letter.key}: "
                             f"{letter.headers.get('dlq_reason')}" for letter in evidence.dead_letters]

    @property
    def findings(self) -> list:
        """(number of the invariant, finding)"""
        return [(check.number, finding) for check in self.checks for finding in check.findings]

    def lines(self) -> list:
        """The findings as text, for a test that fails. Dead letters are for people to look at, and break no invariant; in a
        test nobody comes to look."""
        return [f"invariant {number}: {finding}" for number, finding in self.findings] + [f"dead letter: {line}" for line in self.dead_letters]

    def text(self) -> str:
        rows = []
        for check in self.checks:
            looked = ", ".join(f"{count} {what}" for what, count in check.looked.items()) or "nothing there"
            left = f"; {check.left_out} orders under way left out" if check.left_out else ""
            verdict = f"{len(check.findings)} FOUND" if check.findings else "held"
            rows.append((check.number, f"{check.number:>3}  {verdict:<8}  {check.name} ({looked}{left})"))
            rows += [(check.number, f"{'':15}{finding}") for finding in check.findings]
        rows += [(number, f"{number:>3}  {'later':<8}  {name} ({why})") for number, (name, why) in LATER.items()]
        table = [row for _, row in sorted(rows, key=lambda row: row[0])]
        letters = ["", *(f"dead letter: {line}" for line in self.dead_letters)] if self.dead_letters else []
        state = "at rest" if self.at_rest else "working"
        return "\n".join([*table, *letters, "", f"{len(self.findings) or 'No'} finding{'' if len(self.findings) == 1 else 's'}; "
                          f"the shop was {state}; read and checked in {self.seconds:.1f} s."])

    def json(self) -> dict:
        held = [{"number": check.number, "name": check.name, "mustHold": check.holds, "held": not check.findings, "looked": dict(check.looked),
                 "leftOut": check.left_out, "findings": [{"about": finding.about, "says": finding.says} for finding in check.findings]}
                for check in self.checks]
        later = [{"number": number, "name": name, "later": why} for number, (name, why) in LATER.items()]
        return {"audit": "shop", "atRest": self.at_rest, "seconds": round(self.seconds, 2), "findings": len(self.findings),
                "deadLetters": self.dead_letters,
                "invariants": sorted(held + later, key=lambda row: row["number"])}


def examine(run, at_rest=False, acknowledged=(), leave_out=()) -> Report:
    """`at_rest`: nothing moves any more, so whatever waits is left lying. `acknowledged`: orders that somebody was told
    of. `leave_out`: numbers of invariants that were broken on purpose."""
    begin = time.monotonic()
    return judge(gather(run, at_rest, acknowledged), leave_out, begin)


def settle(run, seconds=90, acknowledged=(), leave_out=()) -> Report:
    """Waits until nothing moves any more, then examines. What still moves after that time is a finding."""
    end = time.monotonic() + seconds
    while True:
        while not quiet(run) and time.monotonic() < end:
            time.sleep(PAUSE)
        begin = time.monotonic()
        evidence = gather(run, True, acknowledged)
        moving = Rest(evidence)
        moving.run()
        if not moving.findings or begin > end:
            return judge(evidence, leave_out, begin)
        time.sleep(max(PAUSE, time.monotonic() - begin))  # whoever is waited for needs the processor as well


def judge(evidence, leave_out, begin) -> Report:
    checks = [check(evidence) for check in ALL if check.number not in leave_out]
    for check in checks:
        check.run()
    return Report(checks, evidence, time.monotonic() - begin)
