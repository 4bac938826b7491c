/// Parcels in SQL.
#pragma once

#include <optional>
#include <string_view>

#include <stoa/sql.h>

#include "domain.h"

namespace sandbox_carrier::store {

/// False: there is one with this reference already.
bool insert(stoa::Transaction& tx, const Parcel& parcel);
std::optional<Parcel> find(stoa::Transaction& tx, std::string_view parcel_id);
std::optional<Parcel> findByReference(stoa::Transaction& tx, std::string_view reference);
/// False: it is no longer in status `from`.
bool move(stoa::Transaction& tx, Parcel& parcel, std::string_view to);

}  // namespace sandbox_carrier::store
