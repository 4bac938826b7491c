"""Invariant 3."""

from collections import Counter, defaultdict

from .check import Check

RELEASE = "orphan:"  # begins the keys of what is given back that was never ours


class Payments(Check):
    number = 3
    name = "payments, their operations and the provider's ledger agree"
    holds = ("0 ≤ refunded ≤ captured ≤ authorised; each total is the sum of its operations; an order is charged at most once; "
             "and the provider's ledger has the same operations, no fewer and no more.")

    def run(self):
        shop = self.evidence
        self.ops = defaultdict(list)
        for op in shop.payment.payment_ops:
            self.ops[op.payment_id].append(op)
        self.refunds = Counter()
        for refund in shop.payment.refunds:
            self.refunds[refund.payment_id] += refund.amount if refund.state == "DONE" else 0
        self.theirs = {payment.id: payment for payment in shop.sandbox_psp.psp_payments}
        self.ledger = {op.idempotency_key: op for op in self.look("operations of the provider", shop.sandbox_psp.psp_operations)}
        charged = Counter()
        for payment in self.settled_payments():
            self.totals(payment)
            self.provider(payment)
            charged[payment.order_id] += payment.captured > payment.refunded
        for order, times in charged.items():
            if times > 1:
                self.found(f"{times} payments are captured and not refunded", order=order)
        self.of_nobody()

    def settled_payments(self):
        for payment in self.evidence.payment.payments:
            if self.evidence.settled(payment.order_id):
                self.looked["payments"] += 1
                yield payment

    def totals(self, payment):
        about = {"order": payment.order_id, "payment": payment.payment_id}
        if not 0 <= payment.refunded <= payment.captured <= payment.authorized <= payment.amount:
            self.found(f"{payment.refunded} refunded, {payment.captured} captured, {payment.authorized} authorised of {payment.amount}", **about)
        done = Counter()
        for op in self.ops[payment.payment_id]:
            done[op.type] += op.amount if op.state == "DONE" else 0
        for total, kind in ((payment.authorized, "AUTHORIZE"), (payment.captured, "CAPTURE"), (payment.refunded, "REFUND")):
            if total != done[kind]:
                self.found(f"its total of {kind} is {total}, its operations say {done[kind]}", **about)
        if payment.refunded != self.refunds[payment.payment_id]:
            self.found(f"{payment.refunded} refunded, its refunds say {self.refunds[payment.payment_id]}", **about)
        if sum(op.type == "CAPTURE" and op.state == "DONE" for op in self.ops[payment.payment_id]) > 1:
            self.found("captured more than once", **about)

    def provider(self, payment):
        about = {"order": payment.order_id, "payment": payment.payment_id}
        theirs = self.theirs.get(payment.provider_id)
        if theirs is None:
            if payment.authorized:
                self.found(f"{payment.authorized} authorised, but the provider has no payment {payment.provider_id}", **about)
            return
        ours = (payment.authorized, payment.captured, payment.refunded, payment.currency)
        if ours != (theirs.authorized, theirs.captured, theirs.refunded, theirs.currency):
            self.found(f"authorised, captured, refunded are {ours} here, "
                       f"{(theirs.authorized, theirs.captured, theirs.refunded, theirs.currency)} at the provider", **about)
        for op in self.ops[payment.payment_id]:
            there = self.ledger.get(op.op_id)
            if op.state == "DONE" and (there is None or (there.type, there.amount) != (op.type, op.amount)):
                self.found(f"operation {op.op_id} ({op.type} of {op.amount}) is done here; the provider's ledger has "
                           f"{f'{there.type} of {there.amount}' if there else 'nothing'}", **about)

    def of_nobody(self):
        """What the provider did that we do not know of. What was under way when we looked is not that."""
        shop = self.evidence
        ours = {payment.payment_id: payment.order_id for payment in shop.payment.payments}
        late = {row.id for row in shop.again["payment"].payments} - ours.keys()
        done = {op.op_id for ops in self.ops.values() for op in ops if op.state == "DONE"}
        for key, op in self.ledger.items():
            reference = self.theirs[op.payment_id].reference if op.payment_id in self.theirs else None
            if key not in done and not key.startswith(RELEASE) and reference not in late and shop.settled(ours.get(reference, "")):
                self.found(f"the provider did {op.type} of {op.amount} ({key}), which is not done here", payment=str(reference))
        known = {payment.provider_id for payment in shop.payment.payments}
        for theirs in self.theirs.values():
            if theirs.id not in known and theirs.reference not in ours.keys() | late and theirs.captured != theirs.refunded:
                self.found(f"the provider has taken {theirs.captured - theirs.refunded} for {theirs.reference}, which is no payment of ours",
                           provider=theirs.id)
