// AMQP 1.0 by the engine of Apache Qpid Proton, loaded when a URL asks for it. Nothing of its headers is needed to build: its objects
// are opaque here, and the numbers in CProton.c are part of its binary interface.
//
// The engine knows no socket and no thread: it turns bytes that have come into events, and calls into bytes to be sent. One engine
// is one connection, and belongs to one thread. Each link has a session of its own: servers end a whole session for one mistake.
#ifndef CELERY_CPROTON_H
#define CELERY_CPROTON_H
#include <stddef.h>
#include <stdint.h>

/// Loads the library; the second time it only tells. Returns NULL when it is there, else the reason of dlerror(3). May be called
/// from any thread.
const char *_Nullable celery_proton_load(void);

/// Begins a connection, after the login. `hostname` is what AMQP calls so: at RabbitMQ it names the virtual host. `silence` is for how
/// many milliseconds the server may say nothing. Returns NULL for lack of memory.
void *_Nullable celery_proton_open(const char *_Nonnull container, const char *_Nonnull hostname, uint32_t silence);
/// Ends all that belongs to the engine: its links and deliveries must not be used any more.
void celery_proton_free(void *_Nonnull engine);

/// Takes in bytes of the server. Bytes after the end of the connection are ignored.
void celery_proton_give(void *_Nonnull engine, const void *_Nonnull bytes, size_t size);
/// The bytes to be sent, valid until the next call; their number is 0 if there are none.
const char *_Nullable celery_proton_pending(void *_Nonnull engine, size_t *_Nonnull size);
/// Notes that the first of them were sent.
void celery_proton_sent(void *_Nonnull engine, size_t size);
/// Looks at the clock, in milliseconds: sends signs of life, and finds out that the server gives none. Returns when to do so again;
/// 0 for never.
int64_t celery_proton_tick(void *_Nonnull engine, int64_t now);
/// Says goodbye.
void celery_proton_close(void *_Nonnull engine);

/// The number of bytes that describe the server (its properties, as an AMQP map), and the bytes themselves, if there is room for them.
size_t celery_proton_properties(void *_Nonnull engine, void *_Nullable bytes, size_t size);

/// What a link is to be.
struct celery_proton_terms {
    /// In all events of the link; larger than 0, and never used again.
    int64_t number;
    const char *_Nonnull address;
    /// What kind of node is meant, as a symbol: `queue`, `topic`.
    const char *_Nullable capability;
    int is_sender;
    /// Whether a node that is made for the link shall survive the server.
    int is_durable;
    /// Whether messages are only shown.
    int is_copying;
};
/// Attaches a link, with a session of its own. Returns NULL for lack of memory.
void *_Nullable celery_proton_attach(void *_Nonnull engine, const struct celery_proton_terms *_Nonnull terms);
/// Ends a link and its session. Its deliveries return to the server, and are no more.
void celery_proton_detach(void *_Nonnull link);
/// Messages that may be sent (sender) or may yet come (receiver).
int celery_proton_credit(void *_Nonnull link);
/// Changes how many messages may yet come, by a positive or negative number.
void celery_proton_flow(void *_Nonnull link, int change);

/// Asks the server to send what it has, as far as there is credit, and to say when it has no more: the credit that is left is then
/// gone. `on` is 0 to end that.
void celery_proton_drain(void *_Nonnull link, int on);

/// Sends a message, whose outcome is told under its tag. Needs credit. Returns 0, or -1 if the link has ended.
int celery_proton_send(void *_Nonnull link, uint64_t tag, const void *_Nonnull bytes, size_t size);

/// The outcomes of a message.
enum celery_proton_outcome {
    CELERY_PROTON_UNKNOWN = 0,
    CELERY_PROTON_ACCEPTED = 0x24,
    CELERY_PROTON_REJECTED = 0x25,
    CELERY_PROTON_RELEASED = 0x26,
    CELERY_PROTON_MODIFIED = 0x27,
};
/// Ends a delivery. `MODIFIED` counts it as failed.
void celery_proton_settle(void *_Nonnull delivery, uint64_t outcome);

enum celery_proton_kind {
    CELERY_PROTON_NOTHING,
    /// The server has opened the connection.
    CELERY_PROTON_OPENED,
    /// The server has closed it, or what it sent is no AMQP, or it was silent: see `condition` and `description`.
    CELERY_PROTON_CLOSED,
    /// The server has accepted a link.
    CELERY_PROTON_ATTACHED,
    /// The server has ended or refused a link: see `condition`. The link and its deliveries are no more.
    CELERY_PROTON_DETACHED,
    /// A sender may have got credit.
    CELERY_PROTON_CREDIT,
    /// A message came: read it before the next event.
    CELERY_PROTON_MESSAGE,
    /// A receiver that was drained has got all there is.
    CELERY_PROTON_DRAINED,
    /// The server has answered to a change of a receiver's credit, as RabbitMQ does.
    CELERY_PROTON_TOLD,
    /// The fate of a message that was sent: `tag`, `outcome`, and `condition` if it was rejected.
    CELERY_PROTON_FATE,
};
/// Room for texts of the server, with their final zero.
enum { CELERY_PROTON_TEXT = 512 };
struct celery_proton_event {
    enum celery_proton_kind kind;
    /// The number of the link; 0 if the whole connection is meant.
    int64_t number;
    void *_Nullable link;
    /// Of a message: what to settle; NULL if the server has done so already. And its size in bytes.
    void *_Nullable delivery;
    size_t size;
    uint64_t tag;
    uint64_t outcome;
    char condition[CELERY_PROTON_TEXT];
    char description[CELERY_PROTON_TEXT];
};
/// Fills in what happened next; `NOTHING` when all has been told.
void celery_proton_next(void *_Nonnull engine, struct celery_proton_event *_Nonnull event);
/// Reads the message of the last event, all of it or nothing: returns 0, or -1 if it cannot be read.
int celery_proton_read(void *_Nonnull engine, void *_Nullable bytes, size_t size);
#endif
