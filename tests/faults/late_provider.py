"""The payment provider decides, and answers when nobody waits for it any more: payment has lost its patience, the time for the
order is over, or the customer has cancelled. Whatever the late answer was: what has come is paid once, what has died cost nothing."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from fleet import asked
from shop import Refused, retried
from sizes import PATIENCE, sized
from support.scenario import QUICK_CARRIER, Scenario

PATIENT = 500  # ms that payment waits for an answer
LATE = (600, 3000, 1000, 1500)  # ms after which the answer comes: round after round
APPROVED = ("tok_timeout_approved", "tok_capture_timeout", "tok_undo_timeout")
DECLINED = "tok_timeout_declined"
TOKENS = (*APPROVED, DECLINED)
STOCK = 100000
LONG = 900     # seconds
ROUNDS = 0     # of each test, an order per token each; 0: as many as the form has
UNKNOWN = re.compile(r'^payment_provider_requests_total\{[^}]*outcome="unknown"[^}]*\} (\d+)', re.MULTILINE)


class LateProvider(Scenario):
    settings = {"plugins": {**QUICK_CARRIER, "payment": {"settings": {"providerTimeoutMs": PATIENT}}}}
    audit_seconds = PATIENCE
    too_late = ()  # what nobody can know within a second; here a webhook says it before the answer does

    def late(self, seconds, ends_wanted, cancels=False):
        """Orders with `seconds` of time each, which their customers cancel at once or not. Each of the ends that are wanted
        (token, status) has to come sometimes."""
        self.stoactl("config", "set", "order", f"settings.deadlineSeconds={seconds}", host="order")
        bread, ends = self.product(stock=STOCK), Counter()
        shoppers = [self.customer().known() for _ in TOKENS]
        unknown = self.unknown()
        with ThreadPoolExecutor(len(TOKENS)) as pool:
            for number in range(ROUNDS or sized(2, 100)):
                self.stoactl("config", "set", "sandbox_psp", f"settings.timeoutMs={LATE[number % len(LATE)]}", host="sandbox_psp")
                bought = pool.map(lambda customer, token: self.bought(customer, token, bread, cancels), shoppers, TOKENS)
                for token, (order, refused) in zip(TOKENS, bought):
                    self.assert_whole(token, order, refused)
                    ends[token, order["status"]] += 1
        print(f"\n{sum(ends.values())} orders: {dict(ends)}")
        self.assertGreater(self.unknown(), unknown, "payment did not know of some answers")
        self.assert_stock(bread, STOCK - sum(count for (_, status), count in ends.items() if status == "COMPLETED"))
        self.assertTrue(all(ends[end] for end in ends_wanted), f"{ends_wanted} have come sometimes: {ends}")

    def bought(self, customer, token, bread, cancels) -> tuple:
        """The order at rest, and whether it refused to be cancelled."""
        placed, refused = customer.buy([(bread, 1)], token)["orderId"], False
        if cancels:
            try:
                retried(lambda: customer.cancel(placed))
            except Refused as no:
                self.assertEqual(no.problem["type"], "urn:stoa:problem:not-cancellable", str(no))
                refused = True
        return customer.at_rest(placed, seconds=PATIENCE), refused

    def assert_whole(self, token, order, refused):
        """By what the shop says and by the provider's books."""
        charged = self.query("sandbox_psp", f"select captured, refunded from psp_payments where reference = '{order['paymentId']}'")
        kept = [int(captured) - int(refunded) for captured, refunded in charged]
        end = (order["status"], order["paymentStatus"])
        if order["status"] == "COMPLETED":
            self.assertIn(token, APPROVED, order)
            self.assertEqual((*end, kept), ("COMPLETED", "PAID", [order["total"]["amount"]]), order)
            return
        self.assertEqual(sum(kept), 0, order)
        if token == DECLINED and order["paymentStatus"] == "FAILED":
            self.assertIn(order["status"], ("REJECTED", "EXPIRED", "CANCELLED"), order)
        else:
            self.assertIn(end, [(status, money) for status in ("EXPIRED", "CANCELLED") for money in ("VOIDED", "REFUNDED")], order)
        self.assertFalse(refused, order)

    def unknown(self) -> int:
        """How often payment did not know what became of a request."""
        return sum(map(int, UNKNOWN.findall(asked(self.fleet.host_of("payment").ports["ops"], "/metrics")[1])))

    def test_the_order_has_time(self):
        self.late(LONG, [*((token, "COMPLETED") for token in APPROVED), (DECLINED, "REJECTED")])

    def test_the_time_for_the_order_is_over(self):
        self.late(1, [(token, "EXPIRED") for token in self.too_late])

    def test_the_customer_cancels(self):
        self.late(LONG, [(token, "CANCELLED") for token in APPROVED], cancels=True)


class LateProviderWithoutWebhooks(LateProvider):
    """Who does not know has to ask."""

    settings = {"plugins": {**LateProvider.settings["plugins"], "sandbox_psp": {"settings": {"webhookUrl": ""}}}}
    too_late = ("tok_timeout_approved", "tok_capture_timeout")
