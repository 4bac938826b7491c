/// Dead letters: records as they came, with why they could not be handled in further headers.
#pragma once

#include "host/events/consumer.h"
#include "host/events/event_log.h"
#include "host/events/parked_store.h"

namespace stoa::host::events {

Record deadLetterRecord(const ParkedRow& row, const std::string& service, const std::string& reason);
DeadLetter readDeadLetter(const Delivery& delivery);
/// The record as it first came.
Delivery originalOf(const Delivery& dead_letter);

}  // namespace stoa::host::events
