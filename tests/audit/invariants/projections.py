"""Invariant 11."""

from ..evidence import grouped
from .check import Check

STATUS = "status "


class Projections(Check):
    number = 11
    name = "what is derived equals what it is derived from"
    holds = ("An order's status is where its history leads, without gaps; and the copies of a user's profile that order and "
             "notification keep are the profile.")

    # The query side of order, the search index and ratings have no store yet.

    def run(self):
        shop = self.evidence
        history = grouped(shop.order.order_events, "order_id")
        for order in self.look("orders", shop.order.orders):
            entries = history[order.order_id]
            if [entry.sequence for entry in entries] != list(range(1, len(entries) + 1)):
                self.found(f"the entries of its history are numbered {[entry.sequence for entry in entries]}", order=order.order_id)
            told = [entry.type[len(STATUS):] for entry in entries if entry.type.startswith(STATUS)]
            if told[-1:] != [order.status]:
                self.found(f"{order.status}, but its history ends with {told[-1:] or 'nothing'}", order=order.order_id)
        self.profiles()

    def profiles(self):
        """A copy that is older or newer than what was read of the profile is on its way."""
        shop = self.evidence
        users = {user.user_id: user for user in self.look("users", shop.user.users)}
        for copy in self.look("copies", shop.order.customers):
            user = users.get(copy.user_id)
            if user and copy.version == user.event_version and (copy.email, copy.name) != (user.email, user.name):
                self.found("order knows another name or address than the profile has", user=copy.user_id)
        for copy in self.look("copies", shop.notification.recipients):
            user = users.get(copy.user_id)
            if user and copy.profile_version == user.event_version and profile(copy) != profile(user):
                self.found("notification knows another profile than user has", user=copy.user_id)


def profile(row) -> tuple:
    return row.email, row.name, row.locale, bool(row.email_notifications)
