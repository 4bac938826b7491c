#include "world.h"

namespace stoa::fake {

namespace {

bool plain(std::string_view line) { return line.find_first_of("\r\n") == std::string_view::npos; }

stoa_status send(const stoa_mail* mail, const stoa_mail_message* message, uint32_t* sent) {
    World& world = *static_cast<World*>(mail->self);
    *sent = 0;
    return guarded(world, [&] {
        if (!STOA_HAS(message, html)) {
            throw Error(STOA_INVALID, "set struct_size of the stoa_mail_message");
        }
        Mail captured{std::string(text(message->message_id)), std::string(text(message->to)),
                      std::string(text(message->subject)), std::string(text(message->text)),
                      std::string(text(message->html))};
        if (world.transactionIsOpen()) {
            throw Error(STOA_INVALID, "a transaction is open: commit before a mail is sent");
        }
        if (captured.message_id.empty() || captured.to.find('@') == std::string::npos || !plain(captured.to) ||
            !plain(captured.subject)) {
            throw Error(STOA_INVALID, "a mail needs a message id, one address, and a subject of one line");
        }
        if (world.mail_failure != STOA_OK) {
            *sent = world.mail_sent ? 1 : 0;
            throw Error(world.mail_failure, "the mail server fails, as the test wants");
        }
        *sent = 1;
        world.mails.push_back(std::move(captured));
    });
}

class MailTable final : public Capability {
public:
    explicit MailTable(World& world) : table_{sizeof(stoa_mail), 0, &world, send} {}
    std::string_view id() const override { return STOA_MAIL_ID; }
    const void* table() const override { return &table_; }

private:
    stoa_mail table_;
};

}  // namespace

std::unique_ptr<Capability> makeMail(World& world) { return std::make_unique<MailTable>(world); }

}  // namespace stoa::fake
