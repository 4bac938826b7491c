"""Who gets which answer of which route. Written by hand, on purpose not from the manifests' marks: it is what they are compared
with.

A row is what is asked, and who is answered how. Answers are a status, a (status, slug) or a set of statuses; whoever is let in gets
the same one, whatever the state of what is asked for.
"""

import uuid
from dataclasses import dataclass, field
from typing import Callable

PEOPLE = ("owner", "other", "staff", "admin")
SERVICES = ("order", "shipping", "notification", "admin-service", "gateway")


@dataclass
class Row:
    answers: dict                     # by caller; who is not named is refused
    path: dict = field(default_factory=dict)  # the path's parameters: texts, or functions of the shop's Things
    body: object = None               # JSON, bytes, or a function of Things that makes it
    query: str = ""
    headers: dict = field(default_factory=dict)
    kind: str = "application/json"
    make: Callable = None             # what must be there anew for each caller: path parameters
    at_the_edge: bool = True


def everybody(answer, **other) -> Row:
    return Row({name: answer for name in ("nobody", *PEOPLE, *SERVICES)}, **other)


def each_his_own(answer, **other) -> Row:
    """Whoever has a token, for what is his."""
    return Row({name: answer for name in PEOPLE}, **other)


def owner_alone(answer, **other) -> Row:
    """For all others it is as if it were not there."""
    return Row({**{name: (404, "not-found") for name in PEOPLE}, "owner": answer}, **other)


def owner_and_staff(answer, services=(), **other) -> Row:
    return Row({"owner": answer, "staff": answer, "admin": answer, "other": (404, "not-found"), **{name: answer for name in services}}, **other)


def staff(answer, services=(), **other) -> Row:
    return Row({"staff": answer, "admin": answer, **{name: answer for name in services}}, **other)


def admins(answer, **other) -> Row:
    return Row({"admin": answer}, **other)


def services(answer, *names, **other) -> Row:
    return Row({name: answer for name in names}, at_the_edge=False, **other)


def new_text() -> str:
    return f"x-{uuid.uuid4().hex[:12]}"


ADDRESS = {"name": "Ada", "line1": "1 Stoa Street", "postalCode": "10115", "city": "Berlin", "country": "DE"}
VERSION_1 = {"If-Match": '"1"'}
ORDER, PRODUCT = {"orderId": lambda things: things.order}, {"productId": lambda things: things.product}
PAYMENT, SHIPMENT = {"paymentId": lambda things: things.payment}, {"shipmentId": lambda things: things.shipment}
DELIVERY, USER = {"deliveryId": lambda things: things.delivery}, {"userId": lambda things: things.user}
NEW_PRODUCT, NEW_CATEGORY = (lambda things: {"productId": things.new_product()}), (lambda things: {"slug": things.new_category()})
OUTSIDE = {"headers": {"Idempotency-Key": "key", "Psp-Key": "x", "Carrier-Key": "x"}, "at_the_edge": False}
BAD_PSP_KEY, BAD_CARRIER_KEY = (401, "bad-psp-key"), (401, "bad-key")
NOWHERE = "0190a0b0-0000-7000-8000-00000000000a"
PARCEL = {"reference": NOWHERE, "address": ADDRESS, "lines": [{"productId": NOWHERE, "quantity": 1}]}
REPORT = {"parcelId": NOWHERE, "reference": NOWHERE, "status": "PICKED_UP", "trackingNumber": "x", "at": "2026-01-05T09:00:00Z"}

ROWS = {
    ("auth", "register"): everybody(201, body=lambda _: {"email": f"{new_text()}@example.com", "password": "a long password"}),
    ("auth", "login"): everybody(200, body=lambda things: {"email": things.email, "password": things.password}),
    ("auth", "refresh"): everybody(200, body=lambda things: {"refreshToken": things.new_session()}),
    ("auth", "logout"): everybody(204, body={"refreshToken": "of-nobody"}),
    ("auth", "getKeys"): everybody(200),
    ("auth", "getMyAccount"): each_his_own(200),
    ("auth", "setRoles"): admins(200, path=USER, body={"roles": ["customer"]}),
    ("user", "getMe"): each_his_own(200),
    ("user", "changeMe"): each_his_own(200, body={"name": "Somebody"}),
    ("user", "listAddresses"): each_his_own(200),
    ("user", "addAddress"): each_his_own(201, body=ADDRESS),
    ("user", "getAddress"): owner_alone(200, path={"addressId": lambda things: things.address}),
    ("user", "replaceAddress"): owner_alone(200, path={"addressId": lambda things: things.address}, body=ADDRESS),
    ("user", "deleteAddress"): owner_alone(204, make=lambda things: {"addressId": things.new_address()}),
    ("user", "getPreferences"): each_his_own(200),
    ("user", "setPreferences"): each_his_own(200, body={"emailNotifications": True}),
    ("user", "getUser"): owner_and_staff(200, ("order", "shipping", "notification"), path=USER),
    ("product", "listProducts"): everybody(200),
    ("product", "createProduct"): staff(201, body=lambda _: {"sku": new_text(), "name": "X", "price": {"amount": 1, "currency": "EUR"}}),
    ("product", "batchGetProducts"): everybody(200, body=lambda things: {"ids": [things.product]}),
    ("product", "importProducts"): staff(200, body=b"sku,name,description,category,amount,currency\n", kind="text/csv"),
    ("product", "getProduct"): everybody(200, path=PRODUCT),
    ("product", "updateProduct"): staff(200, make=NEW_PRODUCT, body={"name": "Y"}, headers=VERSION_1),
    ("product", "deleteProduct"): staff(204, make=NEW_PRODUCT, headers=VERSION_1),
    ("product", "changePrice"): staff(200, make=NEW_PRODUCT, body={"amount": 2, "currency": "EUR"}, headers=VERSION_1),
    ("product", "listPrices"): staff(200, path=PRODUCT),
    ("product", "listCategories"): everybody(200),
    ("product", "createCategory"): staff(201, body=lambda _: {"slug": new_text(), "name": "X"}),
    ("product", "renameCategory"): staff(200, make=NEW_CATEGORY, body={"name": "Y"}, headers=VERSION_1),
    ("product", "deleteCategory"): staff(204, make=NEW_CATEGORY),
    ("inventory", "getStock"): everybody(200, path=PRODUCT),
    ("inventory", "batchStock"): everybody(200, body=lambda things: {"productIds": [things.product]}),
    ("inventory", "receiveStock"): staff(200, path=PRODUCT, body={"quantity": 1}),
    ("inventory", "batchReceive"): staff(200, body=lambda things: {"items": [{"productId": things.product, "quantity": 1}]}),
    ("inventory", "adjustStock"): staff(200, path=PRODUCT, body={"delta": 1, "reason": "found"}),
    ("inventory", "listMovements"): staff(200, path=PRODUCT),
    ("inventory", "getReservation"): staff(200, SERVICES, path=ORDER),
    ("inventory", "commitReservation"): staff((409, "not-held"), ["admin-service"], path=ORDER),
    ("inventory", "releaseReservation"): staff((409, "shipped"), ["admin-service"], path=ORDER),
    ("order", "createOrder"): each_his_own((400, "invalid-body"), body={}),
    ("order", "listOrders"): each_his_own(200),
    ("order", "getOrder"): owner_and_staff(200, ("shipping", "notification", "admin-service"), path=ORDER),
    ("order", "getTimeline"): owner_and_staff(200, path=ORDER),
    ("order", "cancelOrder"): owner_and_staff((409, "not-cancellable"), path=ORDER),
    ("order", "payOrder"): owner_and_staff((409, "not-payable"), path=ORDER, body={"paymentToken": "tok_ok"}),
    ("payment", "createPayment"): services((400, "invalid-body"), "order", body={}),
    ("payment", "getPayment"): owner_and_staff(200, ("order", "admin-service"), path=PAYMENT),
    ("payment", "capturePayment"): staff((409, "not-capturable"), path=PAYMENT),
    ("payment", "voidPayment"): staff((409, "not-voidable"), path=PAYMENT),
    ("payment", "refundPayment"): staff((422, "refund-too-large"), path=PAYMENT, body={"amount": 1_000_000, "reason": "damaged"}),
    ("payment", "receiveWebhook"): everybody((401, "bad-signature"), path={"provider": "sandbox"}, body={}, headers={"Psp-Signature": "t=1,v1=00"}),
    ("shipping", "listShipments"): each_his_own(200),
    ("shipping", "getShipment"): owner_and_staff(200, path=SHIPMENT),
    ("shipping", "getTracking"): owner_and_staff(200, path=SHIPMENT),
    ("shipping", "shipShipment"): staff(200, path=SHIPMENT),
    ("shipping", "deliverShipment"): staff(200, path=SHIPMENT),
    ("shipping", "cancelShipment"): staff((409, "wrong-status"), path=SHIPMENT),
    ("shipping", "carrierReport"): everybody((401, "bad-signature"), path={"carrier": "sandbox"}, body=REPORT, headers={"Carrier-Signature": "t=1,v1=00"}),
    ("notification", "listNotifications"): each_his_own(200),
    ("notification", "listDeliveries"): staff(200),
    ("notification", "getDelivery"): staff(200, path=DELIVERY),
    ("notification", "resendDelivery"): staff({202, 409}, path=DELIVERY),
    ("gateway", "getHealth"): everybody(200),
    ("gateway", "getDocument"): everybody(200),
    ("gateway", "getPage"): everybody(200),
    ("gateway", "proxy"): everybody((404, "not-found"), path={"rest*": "nothing"}),
    # The outside world knows no tokens: whoever lacks its key is refused.
    ("sandbox_psp", "authorize"): everybody(BAD_PSP_KEY, body={"reference": "x", "amount": 1, "currency": "EUR", "token": "tok_ok"}, **OUTSIDE),
    ("sandbox_psp", "findPayments"): everybody(BAD_PSP_KEY, query="reference=x", **OUTSIDE),
    ("sandbox_psp", "getPayment"): everybody(BAD_PSP_KEY, path={"id": NOWHERE}, **OUTSIDE),
    ("sandbox_psp", "capture"): everybody(BAD_PSP_KEY, path={"id": NOWHERE}, body={"amount": 1}, **OUTSIDE),
    ("sandbox_psp", "void"): everybody(BAD_PSP_KEY, path={"id": NOWHERE}, **OUTSIDE),
    ("sandbox_psp", "refund"): everybody(BAD_PSP_KEY, path={"id": NOWHERE}, body={"amount": 1, "reference": "x"}, **OUTSIDE),
    ("sandbox_psp", "readLedger"): everybody(BAD_PSP_KEY, **OUTSIDE),
    ("sandbox_carrier", "bookParcel"): everybody(BAD_CARRIER_KEY, body=PARCEL, **OUTSIDE),
    ("sandbox_carrier", "getParcel"): everybody(BAD_CARRIER_KEY, path={"parcelId": NOWHERE}, **OUTSIDE),
    ("sandbox_carrier", "cancelParcel"): everybody(BAD_CARRIER_KEY, path={"parcelId": NOWHERE}, **OUTSIDE),
}
