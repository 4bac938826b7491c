/// What the probe's child tells its parent: one JSON object a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stoa::host::probe {

/// A line from the child.
struct Record {
    enum class Kind {
        kStage,   ///< it goes on to `text`; what happens from now on happened there
        kSaid,    ///< how the plugin answered in the present stage
        kLog,     ///< a log line of the plugin
        kFailed,  ///< why the present stage failed
        kNote,    ///< something could not be tried
        kDone,    ///< the child came to its end
    };
    Kind kind = Kind::kLog;
    std::string text;
};

/// With the line end, shortened so that it fits into one write that no other writer can split (PIPE_BUF, pipe(7)).
std::string writeRecord(Record::Kind kind, std::string_view text);
/// Nothing for a line that is no record.
std::optional<Record> readRecord(std::string_view line);

/// The descriptor of the child that its records go to. 0 holds what it is asked to do, 1 and 2 what the plugin prints.
constexpr int kRecordDescriptor = 3;

}  // namespace stoa::host::probe
