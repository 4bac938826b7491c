#include "store.h"

#include <string>

namespace sandbox_carrier::store {
namespace {

constexpr std::string_view kColumns =
    "parcel_id, reference, tracking_number, status, address, lines, created_us, updated_us";

std::optional<Parcel> findWhere(stoa::Transaction& tx, std::string_view condition, std::string_view value) {
    std::optional<Parcel> found;
    for (const stoa::Row& row :
         tx.query("SELECT " + std::string(kColumns) + " FROM parcels WHERE " + std::string(condition), {value})) {
        Parcel parcel;
        parcel.id = row.get<std::string>("parcel_id");
        parcel.reference = row.get<std::string>("reference");
        parcel.tracking_number = row.get<std::string>("tracking_number");
        parcel.status = row.get<std::string>("status");
        parcel.address = row.get<std::string>("address");
        parcel.lines = row.get<std::string>("lines");
        parcel.created = row.get<stoa::Time>("created_us");
        parcel.updated = row.get<stoa::Time>("updated_us");
        found = std::move(parcel);
    }
    return found;
}

}  // namespace

bool insert(stoa::Transaction& tx, const Parcel& parcel) {
    return tx.execute("INSERT INTO parcels (" + std::string(kColumns) +
                          ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                      {parcel.id, parcel.reference, parcel.tracking_number, parcel.status, parcel.address, parcel.lines,
                       parcel.created, parcel.updated}) == 1;
}

std::optional<Parcel> find(stoa::Transaction& tx, std::string_view parcel_id) {
    return findWhere(tx, "parcel_id = $1", parcel_id);
}

std::optional<Parcel> findByReference(stoa::Transaction& tx, std::string_view reference) {
    return findWhere(tx, "reference = $1", reference);
}

bool move(stoa::Transaction& tx, Parcel& parcel, std::string_view to) {
    const stoa::Time now = tx.now();
    if (tx.execute("UPDATE parcels SET status = $1, updated_us = $2 WHERE parcel_id = $3 AND status = $4",
                   {to, now, parcel.id, parcel.status}) != 1) {
        return false;
    }
    parcel.status = to;
    parcel.updated = now;
    return true;
}

}  // namespace sandbox_carrier::store
