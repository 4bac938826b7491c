"""Defects to plant, at least one for each way in which an invariant can be broken: number, what is wrong, and the SQL by
store. Words in braces are ids of the small shop's orders, and of what belongs to them. Where services keep the same
twice, both are changed, so that just this invariant is broken."""

WITHOUT_CONSTRAINTS = "alter table {0} rename to former; create table {0} as select * from former;"

DEFECTS = [
    (1, "a refunded order says that it is paid", {"order": "update orders set payment_status = 'PAID' where order_id = '{cancelled}'"}),
    (1, "an order says that a part went back, and all of it is there",
     {"order": "update orders set payment_status = 'PARTIALLY_REFUNDED' where order_id = '{delivered}'"}),
    (1, "paid in another currency", {"payment": "update payments set currency = 'USD' where order_id = '{delivered}'",
                                     "sandbox_psp": "update psp_payments set currency = 'USD' where reference = '{delivered_payment}'"}),
    (1, "money was taken for an order that is not there",
     {"payment": "update payments set order_id = 'nobody', refunded = 0, state = 'CAPTURED' where order_id = '{cancelled}';"
                 "delete from refunds; delete from payment_ops where type = 'REFUND'",
      "sandbox_psp": "update psp_payments set refunded = 0; delete from psp_operations where type = 'REFUND'"}),

    (2, "a cancelled order was never refunded",
     {"payment": "update payments set refunded = 0, state = 'CAPTURED' where order_id = '{cancelled}';"
                 "delete from refunds; delete from payment_ops where type = 'REFUND'",
      "sandbox_psp": "update psp_payments set refunded = 0; delete from psp_operations where type = 'REFUND'"}),
    (2, "the provider still holds an authorisation",
     {"sandbox_psp": "update psp_payments set status = 'authorized' where reference = '{voided_payment}'"}),
    (2, "the payment of a cancelled order goes on", {"payment": "update payments set state = 'AUTHORIZED' where order_id = '{voided}'"}),

    (3, "less is authorised than was captured", {"payment": "update payments set authorized = authorized - 1 where order_id = '{delivered}'"}),
    (3, "the provider has taken another amount",
     {"sandbox_psp": "update psp_payments set captured = captured - 1 where reference = '{delivered_payment}'"}),
    (3, "the ledger lacks a capture",
     {"sandbox_psp": "delete from psp_operations where type = 'CAPTURE' and idempotency_key like '{delivered_payment}%'"}),
    (3, "the ledger has a refund that nobody asked for",
     {"sandbox_psp": "update psp_operations set idempotency_key = 'strange', type = 'REFUND', done = true where done = false"}),
    (3, "captured twice",
     {"payment": "insert into payment_ops select 'again', payment_id, type, amount, refund_id, state, reason, provider_reference, asked, "
                 "in_ledger, requested_us, settled_us from payment_ops where type = 'CAPTURE' and payment_id = '{delivered_payment}'"}),
    (3, "a refund that is in no total", {"payment": "update refunds set amount = amount - 1"}),

    (4, "a piece too many on hand", {"inventory": "update stock set on_hand = on_hand + 1 where product_id = '{bread}'"}),
    (4, "more reserved than on hand", {"inventory": "update stock set reserved = on_hand + 1 where product_id = '{bread}'"}),
    (4, "a movement that its kind does not allow",
     {"inventory": "update stock_movements set reserved_delta = 1 where product_id = '{bread}' and type = 'received'"}),

    (5, "reserved is something else than was ordered",
     {"inventory": "update reservation_lines set quantity = quantity + 1 where order_id = '{delivered}' and product_id = '{bread}'"}),
    (5, "a delivered order has given its stock back", {"inventory": "update reservations set state = 'RELEASED' where order_id = '{delivered}'"}),
    (5, "one order gave back what another one held",
     {"inventory": "update stock_movements set reference = '{cancelled}' where reference = '{declined}' and type = 'released'"}),
    (5, "delivered, and never paid",
     {"order": "update orders set payment_status = 'AUTHORIZED' where order_id = '{delivered}'",
      "payment": "update payments set captured = 0, state = 'AUTHORIZED' where order_id = '{delivered}';"
                 "delete from payment_ops where type = 'CAPTURE' and payment_id = '{delivered_payment}'",
      "sandbox_psp": "update psp_payments set captured = 0 where reference = '{delivered_payment}';"
                     "delete from psp_operations where type = 'CAPTURE' and idempotency_key like '{delivered_payment}%'"}),

    (6, "an event in an outbox",
     {"order": "insert into stoa_outbox (event_id, shard, topic, event_key, aggregate_type, aggregate_version, payload, headers, created_us) "
               "values ('left', 1, 'order.confirmed', '{delivered}', 'order', 9, '', '[]', 1)"}),
    (6, "a parked event",
     {"inventory": "insert into stoa_parked (consumer, topic, event_key, event_id, log_partition, log_offset, payload, headers, attempts, "
                   "due_us, held, reason, parked_us) values ('inventory', 'order.created', '{delivered}', 'parked', 0, 0, '', '[]', 1, 1, 0, 'no', 1)"}),
    (6, "an event that a subscriber never took", {"shipping": "delete from stoa_inbox where event_id = (select min(event_id) from stoa_inbox)"}),
    (6, "a payment of which nobody knows", {"payment": "update payments set state = 'UNKNOWN' where order_id = '{delivered}'"}),
    (6, "a cancellation that is stuck", {"order": "update orders set stuck = true where order_id = '{cancelled}'"}),
    (6, "stock that is held for ever",
     {"inventory": "insert into reservations (order_id, reservation_id, state, attempt, order_version, cancel_version, confirm_version, "
                   "failed_attempt, shipped, expires_us, version, event_version, created_us, updated_us) "
                   "values ('gone', 'gone', 'HELD', 1, 1, 0, 0, 0, false, 1, 1, 0, 1, 1)"}),
    (6, "an order past its deadline",
     {"order": "update orders set status = 'PENDING', deadline_us = 1 where order_id = '{declined}';"
               "update order_events set type = 'status PENDING' where order_id = '{declined}' and type = 'status REJECTED'"}),
    (6, "a mail that waits", {"notification": "update deliveries set state = 'PENDING' where template = 'shipped'"}),

    (7, "somebody was told of an order that is not there",
     {"order": "insert into stoa_idempotency (caller, route, idempotency_key, fingerprint, attempt, lease_until_us, resource_id, status, "
               "headers, body, created_us) values ('ada', 'POST /api/v1/orders', 'k', 'f', 1, 0, 'lost', 202, '[]', '{{\"orderId\":\"lost\"}}', 1)"}),
    (7, "one order for two keys",
     {"order": "insert into stoa_idempotency select caller, route, 'second', fingerprint, attempt, lease_until_us, resource_id, status, headers, "
               "body, created_us from stoa_idempotency where resource_id = '{delivered}'"}),
    (7, "an order that nobody asked for", {"order": "delete from stoa_idempotency where resource_id = '{delivered}'"}),
    (7, "two orders of one cart", {"order": WITHOUT_CONSTRAINTS.format("orders") + "update orders set cart_id = 'cart'"}),

    (8, "sold at prices that never held",
     {"order": "update order_lines set unit_price = unit_price + case product_id when '{bread}' then 3 else -2 end where order_id = '{delivered}'"}),
    (8, "a total that is not the sum of its lines", {"order": "update orders set total_amount = total_amount + 1 where order_id = '{declined}'"}),
    (8, "the event says another total",
     {"events": "update records set value = replace(cast(value as text), '\"totalAmount\":797', '\"totalAmount\":798') "
                "where cast(key as text) = '{delivered}' and cast(value as text) like '%order.created%'"}),

    (10, "an event is on no topic", {"events": "delete from records where id = (select id from records where cast(key as text) = '{bread}' limit 1)"}),
    (10, "an event that nobody committed", {"order": "update orders set event_version = event_version - 1 where order_id = '{delivered}'"}),
    (10, "one version under two ids",
     {"events": "insert into records select (select max(id) + 1 from records), time_us, key, value, "
                "replaced(headers, '{bread_event}', '{other_event}') from records where holds(headers, '{bread_event}')"}),
    (10, "the events of an order in the wrong order",
     {"events": "create temporary table former as select * from records where holds(headers, '{first}') or holds(headers, '{second}');"
                "update records set (value, headers) = (select value, headers from former where former.id <> records.id) "
                "where id in (select id from former)"}),

    (11, "a status that the history does not lead to",
     {"order": "update order_events set type = 'status CONFIRMED' where order_id = '{delivered}' and type = 'status COMPLETED'"}),
    (11, "a gap in the history", {"order": "delete from order_events where order_id = '{delivered}' and type = 'shipment.shipped'"}),
    (11, "order knows another address than the profile", {"order": "update customers set email = 'other@example.com'"}),
    (11, "notification knows another profile than user", {"notification": "update recipients set locale = 'de'"}),

    (12, "more shipped than ordered",
     {"shipping": "update shipment_lines set quantity = quantity + 1 where shipment_id = '{delivered_shipment}' and product_id = '{bread}'"}),
    (12, "delivered, but the parcel is on its way", {"shipping": "update shipments set state = 'IN_TRANSIT' where order_id = '{delivered}'"}),
    (12, "a parcel for an order that was never confirmed", {"shipping": "update shipments set state = 'LABELLED' where order_id = '{declined}'"}),
    (12, "a parcel of nobody", {"sandbox_carrier": "update parcels set reference = 'nobody' where reference = '{cancelled_shipment}'"}),
    (12, "shipped, but the carrier has no parcel", {"sandbox_carrier": "update parcels set status = 'CANCELLED'"}),

    (13, "a delivery that is not SENT, and its mail", {"notification": "update deliveries set state = 'SUPPRESSED' where template = 'shipped'"}),
    (13, "nobody was told of a confirmed order",
     {"notification": "update notifications set template = 'other' where template = 'order_confirmed' and order_id = '{delivered}'"}),
    (13, "a notification without a delivery",
     {"notification": "insert into notifications select 'more', 'other', template, user_id, order_id, variables, created_us from notifications "
                      "where template = 'shipped'"}),
    (13, "told twice",
     {"notification": WITHOUT_CONSTRAINTS.format("deliveries") +
      "insert into deliveries select 'more', notification_id, event_id, template, channel, recipient, state, message_id, attempts, resends, error, "
      "created_us, updated_us from deliveries where template = 'shipped'"}),

    (14, "two live refresh tokens",
     {"auth": "drop index one_live_token; insert into refresh_tokens select 'more', session_id, expires_us, null from refresh_tokens limit 1"}),
    (14, "a session without a live token", {"auth": "update refresh_tokens set used_us = 1 where used_us is null"}),
    (14, "a session that ended without a reason", {"auth": "update sessions set revoked_us = 1"}),
]
