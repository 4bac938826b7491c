"""The invariants, one class each, and those that have nothing to look at yet."""

from .dead_orders import DeadOrders
from .events import Events
from .mails import Mails
from .money_of_orders import MoneyOfOrders
from .payments import Payments
from .projections import Projections
from .requests import Requests
from .reservations import Reservations
from .rest import Rest
from .sessions import Sessions
from .shipments import Shipments
from .stock import Stock
from .totals import Totals

ALL = (MoneyOfOrders, DeadOrders, Payments, Stock, Reservations, Rest, Requests, Totals, Events, Projections, Shipments, Mails, Sessions)

# Number → name, and what is missing.
LATER = {
    9: ("coupons are used as often as they say", "there are no promotions yet"),
    15: ("the chain of staff actions verifies", "there is no admin service yet"),
}
