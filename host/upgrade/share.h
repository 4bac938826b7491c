/// Who is asked to try the new version.
#pragma once

#include <cstdint>
#include <string_view>

namespace stoa::host::upgrade {

/// SipHash-2-4 (Aumasson, Bernstein: SipHash, a fast short-input PRF, 2012) of `data` under the key (k0, k1).
std::uint64_t sipHash(std::uint64_t k0, std::uint64_t k1, std::string_view data);

/// Whether `key` (the user, or what stands for one) belongs to the share of `permyriad` in 10,000 that goes to
/// `version` of `service`. The same on every host and in every build; who is in at 5 % is in at 10 %; another version
/// or service takes others. Any thread; some 50 ns.
///
/// The hash of the key is the key under which the service is hashed, and that the one for the version: three texts and
/// no separator that one of them could hold. No secret is in it: whoever wants to be in the share may find a key.
bool inShare(std::string_view key, std::string_view service, std::string_view version, std::uint32_t permyriad);

}  // namespace stoa::host::upgrade
