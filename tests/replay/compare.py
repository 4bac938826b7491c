"""Compares what the shop's databases hold after the replay with what expected.py computed, to the cent.

Reads each service's own database; nothing is asked of the services. The statements are here in one place.
"""

from collections import Counter

ORDERS = "select order_id, user_id, status, fulfillment_status, total_amount, currency from orders"
LINES = "select order_id, product_id, quantity, unit_price from order_lines"
STOCK = "select product_id, on_hand, reserved from stock"
PAYMENTS = "select order_id, captured - refunded from payments"


def differences(expected, result, query, spare) -> list:
    """A line for each thing that is not as expected; `query(plugin, statement)` reads a plugin's database."""
    orders = {row[0]: row for row in query("order", ORDERS)}
    baskets = {order: basket for basket, order in result["orders"].items()}
    households = {user: household for household, user in result["households"].items()}
    products = {ours: theirs for theirs, ours in result["products"].items()}
    lines = query("order", LINES)
    found = unfinished(orders.values())
    totals = {baskets.get(order, order): int(row[4]) for order, row in orders.items()}
    found += unequal("total of basket", expected["orders"], totals)
    found += unequal("sum of lines of basket", expected["orders"], summed((baskets.get(order, order), int(quantity) * int(price))
                                                                         for order, _, quantity, price in lines))
    found += unequal("captured for basket", expected["orders"], summed((baskets.get(order, order), int(amount))
                                                                       for order, amount in query("payment", PAYMENTS)))
    found += unequal("quantity of product", expected["quantities"], summed((products.get(product, product), int(quantity))
                                                                           for _, product, quantity, _ in lines))
    found += unequal("total of household", expected["households"], summed((households.get(row[1], row[1]), int(row[4]))
                                                                          for row in orders.values()))
    if expected["revenue"] != sum(totals.values()):
        found.append(f"revenue: expected {expected['revenue']}, found {sum(totals.values())}")
    return found + stock_left(query("inventory", STOCK), products, spare)


def unfinished(orders) -> list:
    return [f"order {row[0]}: status {row[2]}, fulfillment {row[3]}, currency {row[5]}" for row in orders
            if (row[2], row[3], row[5]) != ("COMPLETED", "DELIVERED", "EUR")]


def stock_left(rows, products, spare) -> list:
    """Every product has its spare pieces on hand, and nothing is reserved."""
    return [f"stock of product {products.get(product, product)}: {on_hand} on hand, {reserved} reserved; expected {spare} and 0"
            for product, on_hand, reserved in rows if (int(on_hand), int(reserved)) != (spare, 0)]


def summed(pairs) -> Counter:
    result = Counter()
    for key, amount in pairs:
        result[key] += amount
    return result


def unequal(what, expected, found) -> list:
    return [f"{what} {key}: expected {expected.get(key)}, found {found.get(key)}"
            for key in sorted(expected.keys() | found.keys()) if expected.get(key) != found.get(key)]
