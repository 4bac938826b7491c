#include "host/timer/timer_service.h"

#include <utility>

#include "host/timer/timer_loop.h"

namespace stoa::host::timer {

TimerService::TimerService(sql::Database& database, const Clock& clock, observe::Metrics& metrics, Known known,
                           Fire fire, Submit submit, TimerOptions options)
    : loop_(std::make_shared<Loop>(database, clock, metrics, std::move(known), std::move(fire), std::move(submit),
                                   std::move(options))) {}

TimerService::~TimerService() { stop(); }

void TimerService::start() { loop_->start(); }
void TimerService::stop() { loop_->stop(); }
void TimerService::wake() { loop_->wake(); }
void TimerService::wakeFor(std::int64_t due_us) { loop_->wakeFor(due_us); }
TimerReport TimerService::report() { return loop_->report(); }

}  // namespace stoa::host::timer
