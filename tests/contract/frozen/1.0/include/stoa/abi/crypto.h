/* Stoa ABI: "stoa.crypto/1" — cryptography with keys that the host holds. A plugin never sees a private key. */
#ifndef STOA_ABI_CRYPTO_H
#define STOA_ABI_CRYPTO_H

#include "core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_CRYPTO_ID "stoa.crypto/1"

typedef struct stoa_crypto stoa_crypto;
struct stoa_crypto {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [any] Fills the buffer from the system's random generator. */
    stoa_status (*random)(const stoa_crypto *crypto, void *buffer, size_t size);

    /* [worker] argon2id (RFC 9106) in PHC string format. The host bounds how many run at once: STOA_EXHAUSTED. */
    stoa_status (*hash_password)(const stoa_crypto *crypto, stoa_str password, const stoa_writer *phc);
    /* [worker] STOA_OK, or STOA_UNAUTHENTICATED. An empty `phc` takes the same time and fails. */
    stoa_status (*verify_password)(const stoa_crypto *crypto, stoa_str password, stoa_str phc);

    /* [worker] Signs the claims (a JSON object) as a JWT with ES256 (RFC 7515, 7518) and the plugin's current signing
     * key. Only for a plugin whose manifest asks for signing keys: STOA_FORBIDDEN. */
    stoa_status (*sign_token)(const stoa_crypto *crypto, stoa_str claims, const stoa_writer *token);
    /* [worker] Public halves of the plugin's signing keys as a JWK Set (RFC 7517). */
    stoa_status (*key_set)(const stoa_crypto *crypto, const stoa_writer *jwks);

    /* [any] SHA-256 (32 bytes) and HMAC-SHA-256 (RFC 2104) with a secret of the plugin's configuration, by name. */
    stoa_status (*sha256)(const stoa_crypto *crypto, stoa_str data, uint8_t digest[32]);
    stoa_status (*hmac_sha256)(const stoa_crypto *crypto, stoa_str secret, stoa_str data, uint8_t digest[32]);

    /* [any] 1 when equal, in time that depends on the sizes alone. */
    uint32_t (*equal)(const stoa_crypto *crypto, stoa_str a, stoa_str b);
};

#ifdef __cplusplus
}
#endif

#endif
