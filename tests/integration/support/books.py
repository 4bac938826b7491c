"""Whether money and stock add up, read from the stores of all that hold some of either: order, payment, inventory and
the payment provider. Invariants 1 to 6 of the shop, as far as one fleet can show them."""

import time
from collections import Counter, defaultdict

FINAL = ("COMPLETED", "CANCELLED", "REJECTED", "EXPIRED")
DEAD = ("CANCELLED", "REJECTED", "EXPIRED")
SERVICES = ("auth", "user", "product", "inventory", "order", "payment", "shipping", "notification")


def errors_at_rest(query, seconds=90) -> list:
    """Waits until nothing moves any more, then a line for each thing that does not add up."""
    end = time.monotonic() + seconds
    while moving := what_moves(query):
        if time.monotonic() > end:
            return [f"not at rest after {seconds} s: {one}" for one in moving]
        time.sleep(0.2)
    return money(query) + stock(query)


def what_moves(query) -> list:
    found = [f"order {order} is {status}" for order, status in query(
        "order", "select order_id, status from orders where status not in ('COMPLETED', 'CANCELLED', 'REJECTED', 'EXPIRED')")]
    found += [f"payment {payment} of order {order} is {state}, operation under way: {operation or 'none'}" for payment, order, state, operation in query(
        "payment", "select payment_id, order_id, state, open_op from payments where state = 'UNKNOWN' or open_op <> ''")]
    found += [f"reservation of order {order} is HELD" for order, in query(
        "inventory", "select order_id from reservations where state = 'HELD'")]
    for service in SERVICES:
        found += [f"{service} has {count} events in its outbox" for count, in query(service, "select count(*) from stoa_outbox") if int(count)]
        found += [f"{service} has {count} parked events" for count, in query(service, "select count(*) from stoa_parked") if int(count)]
    return found


def money(query) -> list:
    errors = []
    taken, attempts = defaultdict(int), defaultdict(list)
    asked = operations(query)
    provider = {row[0]: tuple(map(int, row[1:])) for row in query("sandbox_psp", "select id, authorized, captured, refunded from psp_payments")}
    ours = set()
    for payment, order, state, provider_id, *amounts in query(
            "payment", "select payment_id, order_id, state, provider_id, authorized, captured, refunded from payments"):
        authorized, captured, refunded = map(int, amounts)
        taken[order] += captured - refunded
        attempts[order].append((state, captured))
        ours.add(provider_id)
        if not 0 <= refunded <= captured <= authorized:
            errors.append(f"payment {payment}: refunded {refunded}, captured {captured}, authorised {authorized}")
        told = asked[payment]
        if (captured, refunded) != (told["CAPTURE"], told["REFUND"]):
            errors.append(f"payment {payment}: captured {captured}, refunded {refunded}, but its operations say {dict(told)}")
        theirs = provider.get(provider_id, (0, 0, 0))
        if (captured, refunded) != theirs[1:]:
            errors.append(f"payment {payment}: captured {captured}, refunded {refunded}; the provider says {theirs[1:]}")
    errors += [f"the provider has taken {amounts[1] - amounts[2]} for {known}, which is no payment of ours"
               for known, amounts in provider.items() if known not in ours and amounts[1] != amounts[2]]
    return errors + paid(query, taken, attempts)


def operations(query) -> dict:
    """Payment → type of operation → sum of what was done."""
    sums = defaultdict(Counter)
    for payment, kind, amount in query("payment", "select payment_id, type, sum(amount) from payment_ops where state = 'DONE' group by payment_id, type"):
        sums[payment][kind] += int(amount)
    return sums


def paid(query, taken, attempts) -> list:
    errors = []
    lines = {order: int(total) for order, total in query("order", "select order_id, sum(quantity * unit_price) from order_lines group by order_id")}
    for order, status, payment_status, total in query("order", "select order_id, status, payment_status, total_amount from orders"):
        total = int(total)
        due = total if payment_status == "PAID" else 0
        if taken[order] != due:
            errors.append(f"order {order} ({status}, {payment_status}): {taken[order]} were taken, {due} are due")
        if status == "COMPLETED" and payment_status != "PAID":
            errors.append(f"order {order} is COMPLETED and {payment_status}")
        if status in DEAD:
            errors += [f"order {order} is {status}, a payment of it is {state}" for state, _ in attempts[order]
                       if state not in ("VOIDED", "REFUNDED", "FAILED")]
        if lines.get(order) != total:
            errors.append(f"order {order}: total {total}, its lines say {lines.get(order)}")
        if sum(1 for _, captured in attempts[order] if captured) > 1:
            errors.append(f"order {order} was charged more than once")
    return errors


def stock(query) -> list:
    errors = []
    held, shipped = Counter(), Counter()
    states = dict(query("inventory", "select order_id, state from reservations"))
    lines = defaultdict(Counter)
    for order, product, quantity in query("inventory", "select order_id, product_id, quantity from reservation_lines"):
        lines[order][product] += int(quantity)
        if states[order] in ("HELD", "COMMITTED"):
            held[product] += int(quantity)
        if states[order] == "SHIPPED":
            shipped[product] += int(quantity)
    moved = {row[0]: tuple(map(int, row[1:])) for row in query(
        "inventory", "select product_id, sum(on_hand_delta), sum(reserved_delta) from stock_movements group by product_id")}
    received = {row[0]: int(row[1]) for row in query(
        "inventory", "select product_id, sum(on_hand_delta) from stock_movements where on_hand_delta > 0 or type like 'adjust%' group by product_id")}
    for product, on_hand, reserved in query("inventory", "select product_id, on_hand, reserved from stock"):
        on_hand, reserved = int(on_hand), int(reserved)
        if not 0 <= reserved <= on_hand:
            errors.append(f"product {product}: {reserved} reserved of {on_hand}")
        if (on_hand, reserved) != moved.get(product, (0, 0)):
            errors.append(f"product {product}: {on_hand} on hand, {reserved} reserved; its movements say {moved.get(product)}")
        if reserved != held[product]:
            errors.append(f"product {product}: {reserved} reserved, its reservations say {held[product]}")
        if on_hand != received.get(product, 0) - shipped[product]:
            errors.append(f"product {product}: {on_hand} on hand, but {received.get(product, 0)} came in and {shipped[product]} were shipped")
    return errors + promised(query, states, lines)


def promised(query, states, lines) -> list:
    """What was ordered and what is kept or has left for it."""
    errors = []
    ordered = defaultdict(Counter)
    for order, product, quantity in query("order", "select order_id, product_id, quantity from order_lines"):
        ordered[order][product] += int(quantity)
    for order, status in query("order", "select order_id, status from orders"):
        state = states.get(order)
        if status == "COMPLETED" and (state != "SHIPPED" or lines[order] != ordered[order]):
            errors.append(f"order {order} is COMPLETED, its reservation is {state} with {dict(lines[order])}; ordered {dict(ordered[order])}")
        if status in DEAD and state in ("HELD", "COMMITTED", "SHIPPED"):
            errors.append(f"order {order} is {status}, its reservation is {state}")
    return errors
