/// "stoa.mail/1" over the host's one Mailer.
#pragma once

#include <memory>

#include "host/observe/metrics.h"
#include "host/plugin/capability.h"

namespace stoa::host::mail {

class Mailer;

/// Counts stoa_mail_total{service,result}. `mailer` and `metrics` outlive every binding.
std::unique_ptr<plugin::Capability> mailCapability(Mailer& mailer, observe::Metrics& metrics);

}  // namespace stoa::host::mail
