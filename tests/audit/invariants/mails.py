"""Invariant 13."""

from collections import Counter

from ..evidence import grouped
from .check import Check

PASSING = ("PENDING", "SENDING", "UNCERTAIN", "FAILED")  # a mail may be in the sink, or not


class Mails(Check):
    number = 13
    name = "everybody is told once"
    holds = ("There is one delivery per event, template, channel and recipient, and one for every confirmed order. No Message-ID is "
             "twice in the sink; what is SENT is there, and what is not there is not SENT; and nothing else is there.")

    def run(self):
        shop = self.evidence
        what = Counter((row.event_id, row.template, row.channel, row.recipient) for row in self.look("deliveries", shop.notification.deliveries))
        for (event, template, channel, recipient), count in what.items():
            if count > 1:
                self.found(f"{count} deliveries of {template} by {channel} to {recipient}", event=event)
        self.confirmed_orders()
        if shop.mails[0] is None:
            return
        self.sink()

    def confirmed_orders(self):
        """A mail for each time that an order was confirmed. Only what follows PENDING is that: after a refused cancellation
        an order is CONFIRMED as before."""
        shop = self.evidence
        told = Counter(row.order_id for row in shop.notification.notifications if row.template == "order_confirmed")
        mailed = {row.notification_id for row in shop.notification.deliveries}
        history = grouped((entry for entry in shop.order.order_events if entry.type.startswith("status ")), "order_id")
        for order in self.settled_orders():
            entries = [entry.type for entry in history[order.order_id]]
            confirmed = sum(pair == ("status PENDING", "status CONFIRMED") for pair in zip(entries, entries[1:]))
            if confirmed != told[order.order_id]:
                self.found(f"confirmed {confirmed} times, told {told[order.order_id]} times", order=order.order_id)
        for row in shop.notification.notifications:
            if row.notification_id not in mailed:
                self.found(f"{row.template} to {row.user_id or 'somebody unknown'} has no delivery", notification=row.notification_id)

    def sink(self):
        before, after = self.evidence.mails
        here = Counter(mail.message_id for mail in after)
        rows = self.evidence.notification.deliveries
        ours = {row.message_id: row for row in rows if row.message_id}
        self.looked["mails"] = sum(message in ours for message in here)
        for message, row in ours.items():
            if here[message] > 1:
                self.found(f"{here[message]} times in the sink ({row.template} to {row.recipient})", message=message)
            if row.state == "SENT" and not here[message]:
                self.found(f"{row.template} to {row.recipient} is SENT, but not in the sink", message=message)
            if here[message] and row.state not in PASSING + ("SENT",):
                self.found(f"in the sink, but {row.template} to {row.recipient} is {row.state}", message=message)
        # Staff may send what was SENT once more, under another Message-ID.
        again = sum(row.resends for row in rows)
        strange = [mail.message_id for mail in before if mail.message_id not in ours] if self.evidence.own_sink else []
        for message in strange[again:]:
            self.found("in the sink, but no delivery knows it", message=message)
