#include "store.h"

#include <stoa/error.h>

namespace inventory::store {
namespace {

constexpr std::string_view kReservation =
    "SELECT order_id, reservation_id, state, attempt, order_version, cancel_version, confirm_version, failed_attempt, "
    "shipped, expires_us, version, event_version, created_us, updated_us FROM reservations WHERE order_id = $1";

Reservation reservationOf(const stoa::Row& row) {
    Reservation reservation;
    reservation.order_id = row.get<std::string>("order_id");
    reservation.id = row.get<std::string>("reservation_id");
    reservation.state = parseState(row.get<std::string>("state"));
    reservation.attempt = row.get<std::int64_t>("attempt");
    reservation.order_version = row.get<std::int64_t>("order_version");
    reservation.cancel_version = row.get<std::int64_t>("cancel_version");
    reservation.confirm_version = row.get<std::int64_t>("confirm_version");
    reservation.failed_attempt = row.get<std::int64_t>("failed_attempt");
    reservation.shipped = row.get<bool>("shipped");
    reservation.expires = row.get<stoa::Time>("expires_us");
    reservation.version = row.get<std::int64_t>("version");
    reservation.event_version = row.get<std::int64_t>("event_version");
    reservation.created = row.get<stoa::Time>("created_us");
    reservation.updated = row.get<stoa::Time>("updated_us");
    return reservation;
}

/// The row of `stock` was changed before in this transaction: its version is the movement's number.
void record(stoa::Transaction& tx, std::string_view product_id, std::string_view type, std::int64_t on_hand,
            std::int64_t reserved, std::string_view reference, std::string_view reason) {
    tx.execute(
        "INSERT INTO stock_movements (product_id, sequence, type, on_hand_delta, reserved_delta, reference, reason, "
        "at_us) SELECT product_id, version, $1, $2, $3, $4, $5, $6 FROM stock WHERE product_id = $7",
        {type, on_hand, reserved, reference, reason, tx.now(), product_id});
}

void expectOne(std::int64_t changed, const Reservation& reservation) {
    if (changed != 1) {
        throw stoa::Error(STOA_INTERNAL, "the stock holds less than the reservation of order " + reservation.order_id);
    }
}

std::int64_t unreserve(stoa::Transaction& tx, const Line& line) {
    return tx.execute(
        "UPDATE stock SET reserved = reserved - $1, version = version + 1 WHERE product_id = $2 AND reserved >= $3",
        {line.quantity, line.product_id, line.quantity});
}

}  // namespace

Stock stock(stoa::Transaction& tx, std::string_view product_id) {
    Stock stock;
    stock.product_id = product_id;
    for (const stoa::Row& row : tx.query(
             "SELECT on_hand, reserved, low, version, event_version FROM stock WHERE product_id = $1", {product_id})) {
        stock.on_hand = row.get<std::int64_t>("on_hand");
        stock.reserved = row.get<std::int64_t>("reserved");
        stock.low = row.get<bool>("low");
        stock.version = row.get<std::int64_t>("version");
        stock.event_version = row.get<std::int64_t>("event_version");
    }
    return stock;
}

std::vector<Movement> movements(stoa::Transaction& tx, std::string_view product_id, std::int64_t before,
                                std::int64_t limit) {
    std::vector<Movement> all;
    for (const stoa::Row& row :
         tx.query("SELECT sequence, type, on_hand_delta, reserved_delta, reference, reason, at_us FROM stock_movements "
                  "WHERE product_id = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3",
                  {product_id, before, limit})) {
        all.push_back({row.get<std::int64_t>("sequence"), row.get<std::string>("type"),
                       row.get<std::int64_t>("on_hand_delta"), row.get<std::int64_t>("reserved_delta"),
                       row.get<std::string>("reference"), row.get<std::string>("reason"),
                       row.get<stoa::Time>("at_us")});
    }
    return all;
}

void receive(stoa::Transaction& tx, const Line& line, std::string_view reference) {
    tx.execute(
        "INSERT INTO stock (product_id, on_hand, reserved, low, version, event_version) VALUES ($1, $2, 0, $3, 1, 0) "
        "ON CONFLICT (product_id) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand, version = stock.version + "
        "1",
        {line.product_id, line.quantity, true});
    record(tx, line.product_id, "received", line.quantity, 0, reference, "");
}

bool adjust(stoa::Transaction& tx, std::string_view product_id, std::int64_t delta, std::string_view reason) {
    tx.execute(
        "INSERT INTO stock (product_id, on_hand, reserved, low, version, event_version) VALUES ($1, 0, 0, $2, 0, 0) "
        "ON CONFLICT DO NOTHING",
        {product_id, true});
    const auto changed = tx.execute(
        "UPDATE stock SET on_hand = on_hand + $1, version = version + 1 WHERE product_id = $2 AND on_hand - reserved "
        ">= $3",
        {delta, product_id, -delta});
    if (changed == 1) {
        record(tx, product_id, "adjusted", delta, 0, "", reason);
    }
    return changed == 1;
}

std::vector<Shortage> take(stoa::Transaction& tx, const Reservation& reservation) {
    std::vector<Shortage> shortages;
    std::vector<Line> taken;
    for (const Line& line : reservation.lines) {
        const auto changed = tx.execute(
            "UPDATE stock SET reserved = reserved + $1, version = version + 1 WHERE product_id = $2 AND on_hand - "
            "reserved >= $3",
            {line.quantity, line.product_id, line.quantity});
        if (changed == 1) {
            taken.push_back(line);
        } else {
            shortages.push_back({line.product_id, line.quantity, stock(tx, line.product_id).available()});
        }
    }
    for (const Line& line : taken) {
        if (shortages.empty()) {
            record(tx, line.product_id, "reserved", 0, line.quantity, reservation.order_id, "");
        } else {
            expectOne(unreserve(tx, line), reservation);
        }
    }
    return shortages;
}

void giveBack(stoa::Transaction& tx, const Reservation& reservation, std::string_view reason) {
    for (const Line& line : reservation.lines) {
        expectOne(unreserve(tx, line), reservation);
        record(tx, line.product_id, "released", 0, -line.quantity, reservation.order_id, reason);
    }
}

void ship(stoa::Transaction& tx, const Reservation& reservation) {
    for (const Line& line : reservation.lines) {
        const auto changed = tx.execute(
            "UPDATE stock SET on_hand = on_hand - $1, reserved = reserved - $2, version = version + 1 "
            "WHERE product_id = $3 AND reserved >= $4",
            {line.quantity, line.quantity, line.product_id, line.quantity});
        expectOne(changed, reservation);
        record(tx, line.product_id, "shipped", -line.quantity, -line.quantity, reservation.order_id, "");
    }
}

void markLow(stoa::Transaction& tx, const Stock& stock, bool published) {
    tx.execute("UPDATE stock SET low = $1, event_version = event_version + $2 WHERE product_id = $3",
               {stock.low, published ? 1 : 0, stock.product_id});
}

std::optional<Reservation> find(stoa::Transaction& tx, std::string_view order_id) {
    std::optional<Reservation> found;
    for (const stoa::Row& row : tx.query(kReservation, {order_id})) {
        found = reservationOf(row);
    }
    if (found) {
        for (const stoa::Row& row :
             tx.query("SELECT product_id, quantity FROM reservation_lines WHERE order_id = $1 ORDER BY product_id",
                      {order_id})) {
            found->lines.push_back({row.get<std::string>("product_id"), row.get<std::int64_t>("quantity")});
        }
    }
    return found;
}

Reservation lock(stoa::Transaction& tx, std::string_view order_id) {
    tx.execute(
        "INSERT INTO reservations (order_id, reservation_id, state, attempt, order_version, cancel_version, "
        "confirm_version, failed_attempt, shipped, expires_us, version, event_version, created_us, updated_us) "
        "VALUES ($1, '', 'NONE', 0, 0, 0, 0, 0, $2, 0, 1, 0, $3, $4) "
        "ON CONFLICT (order_id) DO UPDATE SET version = reservations.version + 1",
        {order_id, false, tx.now(), tx.now()});
    return *find(tx, order_id);
}

void save(stoa::Transaction& tx, Reservation& reservation) {
    reservation.updated = tx.now();
    tx.execute(
        "UPDATE reservations SET reservation_id = $1, state = $2, attempt = $3, order_version = $4, cancel_version = "
        "$5, confirm_version = $6, failed_attempt = $7, shipped = $8, expires_us = $9, event_version = $10, updated_us "
        "= $11 WHERE order_id = $12",
        {reservation.id, name(reservation.state), reservation.attempt, reservation.order_version,
         reservation.cancel_version, reservation.confirm_version, reservation.failed_attempt, reservation.shipped,
         reservation.expires, reservation.event_version, reservation.updated, reservation.order_id});
}

void saveLines(stoa::Transaction& tx, const Reservation& reservation) {
    tx.execute("DELETE FROM reservation_lines WHERE order_id = $1", {reservation.order_id});
    for (const Line& line : reservation.lines) {
        tx.execute("INSERT INTO reservation_lines (order_id, product_id, quantity) VALUES ($1, $2, $3)",
                   {reservation.order_id, line.product_id, line.quantity});
    }
}

}  // namespace inventory::store
