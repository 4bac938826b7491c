/// What leaves the log file, and when.
#pragma once

namespace stoa::host::events::embedded {

class LogFile;

/// Drops records that every group of their topic has read (records of a topic without groups: all) once they are older
/// than `retention_age` or the file is larger than `retention_bytes`. Records that a group has not read stay beyond
/// their age; only a file that is still too large loses the oldest of them, with a warning here and a notice to the
/// group when it comes by. Groups without a member for `group_age` are forgotten. In small transactions.
void applyRetention(LogFile& file);

}  // namespace stoa::host::events::embedded
