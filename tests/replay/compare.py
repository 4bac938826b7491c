"""Compares what the shop's databases hold after the replay with what expected.py computed, to the cent.

Reads each service's own database; nothing is asked of the services. The statements are here in one place.
"""

from collections import Counter

ORDERS = "select order_id, user_id, status, fulfillment_status, total_amount, currency from orders"
LINES = "select order_id, product_id, quantity, unit_price from order_lines"
STOCK = "select product_id, on_hand, reserved from stock"
PAYMENTS = "select order_id, captured - refunded from payments"
PRICES = "select id, amount from products"


def differences(expected, result, query, spare) -> list:
    """A line for each thing that is not as expected; `query(plugin, statement)` reads a plugin's database."""
    basket = theirs(result["orders"])
    household = theirs(result["households"])
    product = theirs(result["products"])
    orders = query("order", ORDERS)
    lines = query("order", LINES)
    totals = summed((basket(order), total) for order, _, _, _, total, _ in orders)
    found = unfinished(orders)
    for what, wanted, pairs in [
            ("total of basket", "orders", totals.items()),
            ("sum of lines of basket", "orders", ((basket(order), int(pieces) * int(price)) for order, _, pieces, price in lines)),
            ("captured for basket", "orders", ((basket(order), amount) for order, amount in query("payment", PAYMENTS))),
            ("quantity of product", "quantities", ((product(ours), pieces) for _, ours, pieces, _ in lines)),
            ("total of household", "households", ((household(user), total) for _, user, _, _, total, _ in orders)),
            ("price of product", "prices", ((product(ours), amount) for ours, amount in query("product", PRICES)))]:
        found += unequal(what, expected[wanted], summed(pairs))
    if expected["revenue"] != sum(totals.values()):
        found.append(f"revenue: expected {expected['revenue']}, found {sum(totals.values())}")
    # Every product has its spare pieces on hand, and nothing is reserved.
    stock = {product(ours): (int(on_hand), int(reserved)) for ours, on_hand, reserved in query("inventory", STOCK)}
    return found + unequal("stock on hand and reserved of product", dict.fromkeys(expected["quantities"], (spare, 0)), stock)


def theirs(ours):
    """From the shop's id to the data set's; an id that the replay does not know stays, and differs."""
    known = {mine: other for other, mine in ours.items()}
    return lambda mine: known.get(mine, mine)


def unfinished(orders) -> list:
    return [f"order {row[0]}: status {row[2]}, fulfillment {row[3]}, currency {row[5]}" for row in orders
            if (row[2], row[3], row[5]) != ("COMPLETED", "DELIVERED", "EUR")]


def summed(pairs) -> Counter:
    result = Counter()
    for key, amount in pairs:
        result[key] += int(amount)
    return result


def unequal(what, expected, found) -> list:
    return [f"{what} {key}: expected {expected.get(key)}, found {found.get(key)}"
            for key in sorted(expected.keys() | found.keys()) if expected.get(key) != found.get(key)]
