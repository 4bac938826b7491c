"""What must be true of the stores when all is over, beside what the auditor says: told in figures, and as complaints."""

import json
import os
from collections import Counter
from pathlib import Path

from audit import auditor
from waiting import wait_until


class Books:
    def __init__(self, shop, customers):
        self.shop, self.customers, self.complaints, self.figures = shop, customers, [], {}

    def check(self):
        orders = self.customers.orders
        told = {order.id for order in orders if order.id}
        self.answers(orders)
        self.audit(told)
        self.ends(orders, told)
        self.charges()
        self.deliveries()
        self.mails()
        self.drops()

    def complain(self, lines):
        lines = list(lines)
        self.complaints += lines[:10] + ([f"… and {len(lines) - 10} more"] if len(lines) > 10 else [])

    def answers(self, orders):
        """Each key has one answer, however often it was asked for; and no two keys have one order."""
        self.complain(f"{order.kind.name}, key {order.key}: answered with {order.answers}" for order in orders if len(set(order.answers)) != 1)
        self.complain(f"{order.kind.name}, key {order.key}: {order.answers[0]}" for order in orders
                      if order.answers and (order.id is None) != order.kind.total_is_wrong)
        times = Counter(order.id for order in orders if order.id)
        self.complain(f"{count} keys were answered with order {name}" for name, count in times.items() if count > 1)
        self.complain(self.customers.unclear)
        self.figures |= {"orders": len(orders), "acknowledged": len(times), "answers": sum(len(order.answers) for order in orders)}

    def audit(self, told):
        self.complain(auditor.settle(self.shop.run, max(180, len(self.customers.orders)), told).lines())

    def ends(self, orders, told):
        status = dict(self.shop.query("order", "select order_id, status from orders"))
        self.complain(f"order {name} was acknowledged and is not there" for name in told - status.keys())
        self.complain(f"order {name} is there, and nobody was told of it" for name in status.keys() - told)
        self.complain(f"{order.kind.name}: order {order.id} is {status[order.id]}" for order in orders
                      if order.id in status and status[order.id] not in order.kind.ends)
        self.figures["ends"] = dict(Counter(status.values()))

    def charges(self):
        """Of the provider's own ledger."""
        self.complain(f"payment {payment} was captured {count} times at the provider" for payment, count in self.shop.query(
            "sandbox_psp", "select payment_id, count(*) from psp_operations where type = 'CAPTURE' and done group by payment_id having count(*) > 1"))
        order_of = dict(self.shop.query("payment", "select payment_id, order_id from payments"))
        taken = [reference for reference, in self.shop.query("sandbox_psp", "select reference from psp_payments where captured > 0")]
        self.complain(f"order {order} was charged {count} times" for order, count in Counter(map(order_of.get, taken)).items() if count > 1)
        self.figures["charges"] = len(taken)

    def deliveries(self):
        """Staff received one each time, by a reference of its own."""
        self.complain(f"{reference} was received {count} times" for reference, count in self.shop.query(
            "inventory", "select reference, count(*) from stock_movements where reference like 'crash-%' group by reference having count(*) > 1"))

    def mails(self):
        """Of the sink's own index."""
        ours = {message for message, in self.shop.query("notification", "select message_id from deliveries where message_id <> ''")}
        with open(Path(os.environ["STOA_TEST_SMTP_MAILS"]) / "index.jsonl", encoding="utf-8") as index:
            sent = Counter(json.loads(line)["messageId"].strip("<>").partition("@")[0] for line in index)
        self.complain(f"Message-ID {message} is {sent[message]} times in the sink" for message in ours if sent[message] > 1)
        states = dict(self.shop.query("notification", "select state, count(*) from deliveries group by state"))
        self.figures |= {"mails": sum(message in sent for message in ours), "uncertain_mails": int(states.get("UNCERTAIN", 0))}

    def drops(self):
        """Each event that fell was taken once, or is a dead letter; each cloud has one."""
        fallen = {cloud for cloud, in self.shop.query("poison", "select cloud from clouds")}

        def found():
            taken = Counter(cloud for cloud, in self.shop.query("poison", "select cloud from drops"))
            letters = {letter["key"] for letter in self.shop.dead_letters("poison")}
            return (taken, letters) if fallen <= taken.keys() | letters else None
        taken, letters = wait_until(found, 60, "each event is taken or given up")
        self.complain(f"the drop of {cloud} was taken {count} times" for cloud, count in taken.items() if count > 1)
        self.complain(f"the drop of {cloud} was taken, and given up as well" for cloud in taken.keys() & letters)
        self.figures |= {"events_given_up": len(letters)}
