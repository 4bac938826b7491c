"""An event that cannot be handled is parked, tried again, and becomes a dead letter; all others go on."""

from support.scenario import Scenario
from waiting import wait_until


class PoisonedEvent(Scenario):
    plugins = ["poison"]
    settings = {"parked": {"retries": ["200ms", "200ms", "200ms"]}}
    audit_after = "all"

    def fall(self, cloud, poisoned=False):
        return self.shop.request("POST", "/api/v1/drops", {"cloud": cloud, "poisoned": poisoned})["number"]

    def taken(self, cloud):
        drops = self.shop.request("GET", "/api/v1/drops")["items"]
        return [drop["number"] for drop in drops if drop["cloud"] == cloud]

    def letters(self, cloud):
        return [letter for letter in self.stoactl("dlq", "list", "poison") if letter["key"] == cloud]

    def test_it_is_parked_then_a_dead_letter_and_can_be_redriven(self):
        self.assertEqual([self.fall("a"), self.fall("a", poisoned=True), self.fall("a"), self.fall("b")], [1, 2, 3, 1])
        # Other keys of the same partition are not held up.
        wait_until(lambda: self.taken("b") == [1], what="the drop of the other cloud is taken")
        parked = wait_until(lambda: self.stoactl("parked") or self.letters("a"), what="the poisoned event is parked")
        self.assertIn("poisoned", parked[0]["reason"])

        letter = wait_until(lambda: self.letters("a"), what="the poisoned event is a dead letter")[0]
        self.assertEqual((letter["service"], letter["topic"]), ("poison", "drop.fell"))
        self.assertIn("poisoned", letter["reason"])
        # The key goes on, in order.
        wait_until(lambda: self.taken("a") == [1, 3], what="the later drop of the cloud is taken")
        self.assertEqual(self.stoactl("parked"), [])

        shown = self.stoactl("dlq", "show", letter["id"])
        self.assertIn('"poisoned":true', shown["data"].replace(" ", ""))

        self.shop.request("PUT", "/api/v1/drops/cure")
        self.assertEqual(self.stoactl("dlq", "redrive", letter["id"]), {"redriven": 1, "already_done": 0})
        wait_until(lambda: self.taken("a") == [1, 3, 2], what="the redriven drop is taken")
        self.assertEqual(self.stoactl("dlq", "redrive", letter["id"]), {"redriven": 0, "already_done": 1})
        self.assertEqual(self.taken("a"), [1, 3, 2])

    def test_a_dead_letter_that_is_not_there(self):
        self.stoactl("dlq", "redrive", "poison/drop.fell/0/999", code=1)
