/* Stoa ABI, draft: "stoa.mail/1" — one mail to one recipient, by SMTP or to a log sink, by configuration. */
#ifndef STOA_ABI_MAIL_H
#define STOA_ABI_MAIL_H

#include "../core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STOA_MAIL_ID "stoa.mail/1"

typedef struct stoa_mail_message {
    uint32_t struct_size;
    uint32_t reserved;
    stoa_str
        message_id; /* without angle brackets and domain; the caller derives it so that a repetition has the same */
    stoa_str to;    /* one address (RFC 5321) */
    stoa_str subject;
    stoa_str text; /* text/plain */
    stoa_str html; /* text/html, may be empty */
} stoa_mail_message;

typedef struct stoa_mail stoa_mail;
struct stoa_mail {
    uint32_t struct_size;
    uint32_t reserved;
    void *self;

    /* [worker] Hands the mail over; STOA_OK when the server accepted it. `*sent` is 1 when DATA had begun: with a
     * status other than STOA_OK it is then not known whether the mail went out. STOA_INVALID: the address or a header
     * is bad, or the server refused it for good (5xx). No transaction may be open. */
    stoa_status (*send)(const stoa_mail *mail, const stoa_mail_message *message, uint32_t *sent);
};

#ifdef __cplusplus
}
#endif

#endif
