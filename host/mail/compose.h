/// A mail as text (RFC 5322, MIME), and what may stand in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <stoa/time.h>

#include "host/mail/mailer.h"

namespace stoa::host::mail {

/// "Stoa <no-reply@example.org>" or "no-reply@example.org".
struct Sender {
    std::string name;  ///< may be empty
    std::string address;
    std::string domain() const { return address.substr(address.find('@') + 1); }
};

/// One ASCII address without comments, quotes or literals (a part of RFC 5321); at most 254 characters.
bool isAddress(std::string_view text);
std::optional<Sender> parseSender(std::string_view text);

/// Empty, or what is wrong with the message: so that nothing can add a header or a recipient. Repeats no content.
std::string check(const Message& message);

/// The whole mail with CRLF line ends, without the final dot. Lines have at most 76 characters beside the headers'
/// names.
std::string compose(const Message& message, const Sender& sender, Time now);

/// RFC 2047: as it is when it is plain ASCII, else as encoded words of UTF-8.
std::string encodeHeader(std::string_view text);
/// RFC 4648, section 4, padded.
std::string base64(std::string_view bytes);
/// RFC 2045, 6.7; any line ends become CRLF.
std::string quotedPrintable(std::string_view text);

}  // namespace stoa::host::mail
