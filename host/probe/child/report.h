/// The child's side of record.h.
#pragma once

#include <string>
#include <string_view>

#include "host/probe/record.h"

namespace stoa::host::probe {

/// Writes at once: the next step may be the last one.
class Report {
public:
    /// Another stage begins.
    void stage(std::string_view name) const { tell(Record::Kind::kStage, name); }
    void said(std::string_view answer) const { tell(Record::Kind::kSaid, answer); }
    void log(std::string_view line) const { tell(Record::Kind::kLog, line); }
    void failed(std::string_view reason) const { tell(Record::Kind::kFailed, reason); }
    void note(std::string_view what) const { tell(Record::Kind::kNote, what); }
    void done() const { tell(Record::Kind::kDone, "done"); }

private:
    static void tell(Record::Kind kind, std::string_view text);
};

}  // namespace stoa::host::probe
