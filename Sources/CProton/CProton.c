#include "CProton.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

// pn_bytes_t, and pn_delivery_tag_t.
struct span {
    size_t size;
    const char *start;
};

// The library's functions, once it is loaded. Objects are its own: connection, transport, session, link, terminus, delivery, condition.
static struct {
    void *(*connection)(void);
    void (*connection_free)(void *);
    void (*connection_collect)(void *, void *);
    void (*connection_open)(void *);
    void (*connection_close)(void *);
    void (*set_container)(void *, const char *);
    void (*set_hostname)(void *, const char *);
    void *(*remote_properties)(void *);
    void *(*connection_remote_condition)(void *);
    void *(*transport)(void);
    void (*transport_free)(void *);
    int (*bind)(void *, void *);
    int (*unbind)(void *);
    void (*set_max_frame)(void *, uint32_t);
    void (*set_idle_timeout)(void *, uint32_t);
    ssize_t (*push)(void *, const char *, size_t);
    ssize_t (*pending)(void *);
    const char *(*head)(void *);
    void (*pop)(void *, size_t);
    int64_t (*tick)(void *, int64_t);
    void *(*transport_condition)(void *);
    void *(*session)(void *);
    void (*session_open)(void *);
    void (*session_close)(void *);
    void (*session_free)(void *);
    void (*session_set_context)(void *, void *);
    void *(*session_get_context)(void *);
    void *(*session_remote_condition)(void *);
    void *(*sender)(void *, const char *);
    void *(*receiver)(void *, const char *);
    void (*link_open)(void *);
    void (*link_close)(void *);
    void (*link_free)(void *);
    void (*link_set_context)(void *, void *);
    void *(*link_get_context)(void *);
    void *(*link_session)(void *);
    bool (*link_is_sender)(void *);
    int (*link_state)(void *);
    void *(*link_source)(void *);
    void *(*link_target)(void *);
    void *(*link_remote_source)(void *);
    void *(*link_remote_target)(void *);
    void *(*link_remote_condition)(void *);
    int (*link_credit)(void *);
    void (*link_flow)(void *, int);
    void (*set_drain)(void *, bool);
    bool (*get_drain)(void *);
    bool (*draining)(void *);
    ssize_t (*link_send)(void *, const char *, size_t);
    ssize_t (*link_recv)(void *, char *, size_t);
    bool (*link_advance)(void *);
    void (*set_snd_settle_mode)(void *, int);
    int (*terminus_type)(void *);
    int (*set_address)(void *, const char *);
    int (*set_durability)(void *, int);
    int (*set_expiry_policy)(void *, int);
    int (*set_distribution_mode)(void *, int);
    void *(*capabilities)(void *);
    void *(*delivery)(void *, struct span);
    struct span (*delivery_tag)(void *);
    void *(*delivery_link)(void *);
    bool (*readable)(void *);
    bool (*partial)(void *);
    bool (*aborted)(void *);
    bool (*settled)(void *);
    size_t (*delivery_pending)(void *);
    uint64_t (*remote_state)(void *);
    void *(*delivery_local)(void *);
    void *(*delivery_remote)(void *);
    void (*update)(void *, uint64_t);
    void (*settle)(void *);
    void (*set_failed)(void *, bool);
    void *(*disposition_condition)(void *);
    void *(*collector)(void);
    void (*collector_free)(void *);
    void *(*collector_peek)(void *);
    bool (*collector_pop)(void *);
    int (*event_type)(void *);
    void *(*event_link)(void *);
    void *(*event_session)(void *);
    void *(*event_delivery)(void *);
    bool (*condition_is_set)(void *);
    const char *(*condition_name)(void *);
    const char *(*condition_description)(void *);
    int (*put_symbol)(void *, struct span);
    ssize_t (*data_encode)(void *, char *, size_t);
    ssize_t (*data_encoded_size)(void *);
} pn;

// pn_event_type_t, pn_state_t, and other numbers of the interface.
enum {
    CONNECTION_REMOTE_OPEN = 9,
    CONNECTION_REMOTE_CLOSE = 11,
    SESSION_REMOTE_CLOSE = 17,
    LINK_REMOTE_OPEN = 21,
    LINK_REMOTE_CLOSE = 23,
    LINK_REMOTE_DETACH = 25,
    LINK_FLOW = 26,
    DELIVERY = 28,
    TRANSPORT_ERROR = 31,
    TRANSPORT_CLOSED = 34,
    LOCAL_ACTIVE = 2,
    DURABLE_DELIVERIES = 2,
    NEVER_EXPIRES = 3,
    COPY = 1,
    SEND_UNSETTLED = 0,
};
// Bytes of a frame: the smallest that all servers here offer is 32 KiB.
enum { MAX_FRAME = 64 << 10 };

static const char *problem = "not loaded";
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    // The core has the engine alone; both are of one package, and the second of older ones, too.
    static const char *const names[] = {"libqpid-proton-core.so.10", "libqpid-proton.so.11"};
    void *library = 0;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        problem = dlerror();
        return;
    }
    struct {
        void **function;
        const char *name;
    } wanted[] = {
        {(void **)&pn.connection, "pn_connection"},
        {(void **)&pn.connection_free, "pn_connection_free"},
        {(void **)&pn.connection_collect, "pn_connection_collect"},
        {(void **)&pn.connection_open, "pn_connection_open"},
        {(void **)&pn.connection_close, "pn_connection_close"},
        {(void **)&pn.set_container, "pn_connection_set_container"},
        {(void **)&pn.set_hostname, "pn_connection_set_hostname"},
        {(void **)&pn.remote_properties, "pn_connection_remote_properties"},
        {(void **)&pn.connection_remote_condition, "pn_connection_remote_condition"},
        {(void **)&pn.transport, "pn_transport"},
        {(void **)&pn.transport_free, "pn_transport_free"},
        {(void **)&pn.bind, "pn_transport_bind"},
        {(void **)&pn.unbind, "pn_transport_unbind"},
        {(void **)&pn.set_max_frame, "pn_transport_set_max_frame"},
        {(void **)&pn.set_idle_timeout, "pn_transport_set_idle_timeout"},
        {(void **)&pn.push, "pn_transport_push"},
        {(void **)&pn.pending, "pn_transport_pending"},
        {(void **)&pn.head, "pn_transport_head"},
        {(void **)&pn.pop, "pn_transport_pop"},
        {(void **)&pn.tick, "pn_transport_tick"},
        {(void **)&pn.transport_condition, "pn_transport_condition"},
        {(void **)&pn.session, "pn_session"},
        {(void **)&pn.session_open, "pn_session_open"},
        {(void **)&pn.session_close, "pn_session_close"},
        {(void **)&pn.session_free, "pn_session_free"},
        {(void **)&pn.session_set_context, "pn_session_set_context"},
        {(void **)&pn.session_get_context, "pn_session_get_context"},
        {(void **)&pn.session_remote_condition, "pn_session_remote_condition"},
        {(void **)&pn.sender, "pn_sender"},
        {(void **)&pn.receiver, "pn_receiver"},
        {(void **)&pn.link_open, "pn_link_open"},
        {(void **)&pn.link_close, "pn_link_close"},
        {(void **)&pn.link_free, "pn_link_free"},
        {(void **)&pn.link_set_context, "pn_link_set_context"},
        {(void **)&pn.link_get_context, "pn_link_get_context"},
        {(void **)&pn.link_session, "pn_link_session"},
        {(void **)&pn.link_is_sender, "pn_link_is_sender"},
        {(void **)&pn.link_state, "pn_link_state"},
        {(void **)&pn.link_source, "pn_link_source"},
        {(void **)&pn.link_target, "pn_link_target"},
        {(void **)&pn.link_remote_source, "pn_link_remote_source"},
        {(void **)&pn.link_remote_target, "pn_link_remote_target"},
        {(void **)&pn.link_remote_condition, "pn_link_remote_condition"},
        {(void **)&pn.link_credit, "pn_link_credit"},
        {(void **)&pn.link_flow, "pn_link_flow"},
        {(void **)&pn.set_drain, "pn_link_set_drain"},
        {(void **)&pn.get_drain, "pn_link_get_drain"},
        {(void **)&pn.draining, "pn_link_draining"},
        {(void **)&pn.link_send, "pn_link_send"},
        {(void **)&pn.link_recv, "pn_link_recv"},
        {(void **)&pn.link_advance, "pn_link_advance"},
        {(void **)&pn.set_snd_settle_mode, "pn_link_set_snd_settle_mode"},
        {(void **)&pn.terminus_type, "pn_terminus_get_type"},
        {(void **)&pn.set_address, "pn_terminus_set_address"},
        {(void **)&pn.set_durability, "pn_terminus_set_durability"},
        {(void **)&pn.set_expiry_policy, "pn_terminus_set_expiry_policy"},
        {(void **)&pn.set_distribution_mode, "pn_terminus_set_distribution_mode"},
        {(void **)&pn.capabilities, "pn_terminus_capabilities"},
        {(void **)&pn.delivery, "pn_delivery"},
        {(void **)&pn.delivery_tag, "pn_delivery_tag"},
        {(void **)&pn.delivery_link, "pn_delivery_link"},
        {(void **)&pn.readable, "pn_delivery_readable"},
        {(void **)&pn.partial, "pn_delivery_partial"},
        {(void **)&pn.aborted, "pn_delivery_aborted"},
        {(void **)&pn.settled, "pn_delivery_settled"},
        {(void **)&pn.delivery_pending, "pn_delivery_pending"},
        {(void **)&pn.remote_state, "pn_delivery_remote_state"},
        {(void **)&pn.delivery_local, "pn_delivery_local"},
        {(void **)&pn.delivery_remote, "pn_delivery_remote"},
        {(void **)&pn.update, "pn_delivery_update"},
        {(void **)&pn.settle, "pn_delivery_settle"},
        {(void **)&pn.set_failed, "pn_disposition_set_failed"},
        {(void **)&pn.disposition_condition, "pn_disposition_condition"},
        {(void **)&pn.collector, "pn_collector"},
        {(void **)&pn.collector_free, "pn_collector_free"},
        {(void **)&pn.collector_peek, "pn_collector_peek"},
        {(void **)&pn.collector_pop, "pn_collector_pop"},
        {(void **)&pn.event_type, "pn_event_type"},
        {(void **)&pn.event_link, "pn_event_link"},
        {(void **)&pn.event_session, "pn_event_session"},
        {(void **)&pn.event_delivery, "pn_event_delivery"},
        {(void **)&pn.condition_is_set, "pn_condition_is_set"},
        {(void **)&pn.condition_name, "pn_condition_get_name"},
        {(void **)&pn.condition_description, "pn_condition_get_description"},
        {(void **)&pn.put_symbol, "pn_data_put_symbol"},
        {(void **)&pn.data_encode, "pn_data_encode"},
        {(void **)&pn.data_encoded_size, "pn_data_encoded_size"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].function = dlsym(library, wanted[i].name);
        if (!*wanted[i].function) {
            problem = dlerror();
            return;
        }
    }
    problem = 0;
}

const char *celery_proton_load(void) {
    pthread_once(&once, load);
    return problem;
}

struct engine {
    void *connection;
    void *transport;
    void *collector;
    // Whose message was told and not read.
    void *unread;
    // Whether the event at the head of the collector was told.
    bool is_told;
};

void *celery_proton_open(const char *container, const char *hostname, uint32_t silence) {
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine) return 0;
    engine->connection = pn.connection();
    engine->transport = pn.transport();
    engine->collector = pn.collector();
    if (!engine->connection || !engine->transport || !engine->collector) {
        celery_proton_free(engine);
        return 0;
    }
    pn.connection_collect(engine->connection, engine->collector);
    pn.set_container(engine->connection, container);
    pn.set_hostname(engine->connection, hostname);
    pn.set_max_frame(engine->transport, MAX_FRAME);
    pn.set_idle_timeout(engine->transport, silence);
    pn.bind(engine->transport, engine->connection);
    pn.connection_open(engine->connection);
    return engine;
}

void celery_proton_free(void *pointer) {
    struct engine *engine = pointer;
    // In the order of pn_connection_driver_destroy: events that were not told name objects of the connection, which knows the
    // collector until its own end.
    if (engine->transport) {
        pn.unbind(engine->transport);
        pn.transport_free(engine->transport);
    }
    if (engine->collector) pn.collector_free(engine->collector);
    if (engine->connection) pn.connection_free(engine->connection);
    free(engine);
}

void celery_proton_give(void *pointer, const void *bytes, size_t size) {
    struct engine *engine = pointer;
    const char *next = bytes;
    while (size > 0) {
        ssize_t count = pn.push(engine->transport, next, size);
        // An error is an event, too.
        if (count <= 0) return;
        next += count;
        size -= count;
    }
}

const char *celery_proton_pending(void *pointer, size_t *size) {
    struct engine *engine = pointer;
    ssize_t count = pn.pending(engine->transport);
    *size = count > 0 ? count : 0;
    return count > 0 ? pn.head(engine->transport) : 0;
}

void celery_proton_sent(void *pointer, size_t size) { pn.pop(((struct engine *)pointer)->transport, size); }

int64_t celery_proton_tick(void *pointer, int64_t now) { return pn.tick(((struct engine *)pointer)->transport, now); }

void celery_proton_close(void *pointer) { pn.connection_close(((struct engine *)pointer)->connection); }

size_t celery_proton_properties(void *pointer, void *bytes, size_t size) {
    void *data = pn.remote_properties(((struct engine *)pointer)->connection);
    ssize_t needed = data ? pn.data_encoded_size(data) : 0;
    if (needed <= 0) return 0;
    if (!bytes || size < (size_t)needed) return needed;
    ssize_t count = pn.data_encode(data, bytes, size);
    return count > 0 ? count : 0;
}

void *celery_proton_attach(void *pointer, const struct celery_proton_terms *terms) {
    struct engine *engine = pointer;
    void *session = pn.session(engine->connection);
    if (!session) return 0;
    char name[32] = "celery-";
    // The number in digits: unique in the connection, as links at some servers must be.
    size_t length = strlen(name);
    char digits[24];
    size_t count = 0;
    for (int64_t rest = terms->number; rest > 0 || count == 0; rest /= 10) digits[count++] = '0' + rest % 10;
    while (count > 0 && length < sizeof name - 1) name[length++] = digits[--count];
    name[length] = 0;
    void *link = terms->is_sender ? pn.sender(session, name) : pn.receiver(session, name);
    if (!link) {
        pn.session_free(session);
        return 0;
    }
    pn.session_set_context(session, link);
    pn.link_set_context(link, (void *)(intptr_t)terms->number);
    void *node = terms->is_sender ? pn.link_target(link) : pn.link_source(link);
    pn.set_address(node, terms->address);
    if (terms->is_durable) {
        pn.set_durability(node, DURABLE_DELIVERIES);
        pn.set_expiry_policy(node, NEVER_EXPIRES);
    }
    if (terms->is_copying) pn.set_distribution_mode(node, COPY);
    if (terms->capability) pn.put_symbol(pn.capabilities(node), (struct span){strlen(terms->capability), terms->capability});
    // Some servers want to know where the other end is.
    pn.set_address(terms->is_sender ? pn.link_source(link) : pn.link_target(link), name);
    if (terms->is_sender) pn.set_snd_settle_mode(link, SEND_UNSETTLED);
    pn.session_open(session);
    pn.link_open(link);
    return link;
}

// Ends our ends of a link and a session that the server has ended.
static void drop(void *session, void *link) {
    if (link) {
        pn.link_set_context(link, 0);
        if (pn.link_state(link) & LOCAL_ACTIVE) pn.link_close(link);
    }
    pn.session_set_context(session, 0);
    pn.session_close(session);
    if (link) pn.link_free(link);
    pn.session_free(session);
}

// The context of a session that we have ended. It is freed once the server has answered: until then its frames still come.
static char left;

void celery_proton_detach(void *link) {
    void *session = pn.link_session(link);
    pn.link_set_context(link, 0);
    pn.session_set_context(session, &left);
    pn.link_close(link);
    pn.session_close(session);
}

int celery_proton_credit(void *link) { return pn.link_credit(link); }

void celery_proton_flow(void *link, int change) { pn.link_flow(link, change); }

void celery_proton_drain(void *link, int on) { pn.set_drain(link, on != 0); }

int celery_proton_send(void *link, uint64_t tag, const void *bytes, size_t size) {
    char text[sizeof tag];
    memcpy(text, &tag, sizeof tag);
    if (!pn.delivery(link, (struct span){sizeof text, text})) return -1;
    if (pn.link_send(link, bytes, size) != (ssize_t)size) return -1;
    return pn.link_advance(link) ? 0 : -1;
}

void celery_proton_settle(void *delivery, uint64_t outcome) {
    if (outcome == CELERY_PROTON_MODIFIED) pn.set_failed(pn.delivery_local(delivery), true);
    pn.update(delivery, outcome);
    pn.settle(delivery);
}

static void copy(char *room, const char *text) {
    size_t length = text ? strnlen(text, CELERY_PROTON_TEXT - 1) : 0;
    if (length) memcpy(room, text, length);
    room[length] = 0;
}

static void tell(struct celery_proton_event *event, void *condition) {
    if (!condition || !pn.condition_is_set(condition)) return;
    copy(event->condition, pn.condition_name(condition));
    copy(event->description, pn.condition_description(condition));
}

static int64_t number_of(void *link) { return link ? (int64_t)(intptr_t)pn.link_get_context(link) : 0; }

// What a delivery is about. Leaves the kind as it is for what concerns nobody.
static void tell_delivery(struct engine *engine, struct celery_proton_event *event, void *delivery) {
    void *link = pn.delivery_link(delivery);
    event->number = number_of(link);
    event->link = link;
    if (!event->number) return;
    if (pn.link_is_sender(link)) {
        uint64_t state = pn.remote_state(delivery);
        bool is_final = state >= CELERY_PROTON_ACCEPTED && state <= CELERY_PROTON_MODIFIED;
        if (!is_final && !pn.settled(delivery)) return;
        struct span tag = pn.delivery_tag(delivery);
        if (tag.size != sizeof event->tag) return;
        memcpy(&event->tag, tag.start, sizeof event->tag);
        event->outcome = is_final ? state : CELERY_PROTON_UNKNOWN;
        if (state == CELERY_PROTON_REJECTED) tell(event, pn.disposition_condition(pn.delivery_remote(delivery)));
        event->kind = CELERY_PROTON_FATE;
        pn.settle(delivery);
        return;
    }
    if (pn.aborted(delivery)) {
        pn.settle(delivery);
        return;
    }
    if (!pn.readable(delivery) || pn.partial(delivery)) return;
    event->kind = CELERY_PROTON_MESSAGE;
    event->size = pn.delivery_pending(delivery);
    event->delivery = pn.settled(delivery) ? 0 : delivery;
    engine->unread = delivery;
}

static bool tell_event(struct engine *engine, struct celery_proton_event *event, void *happened) {
    void *link;
    switch (pn.event_type(happened)) {
        case CONNECTION_REMOTE_OPEN: event->kind = CELERY_PROTON_OPENED; break;
        case CONNECTION_REMOTE_CLOSE:
            tell(event, pn.connection_remote_condition(engine->connection));
            event->kind = CELERY_PROTON_CLOSED;
            break;
        case TRANSPORT_ERROR:
            tell(event, pn.transport_condition(engine->transport));
            event->kind = CELERY_PROTON_CLOSED;
            break;
        case TRANSPORT_CLOSED: event->kind = CELERY_PROTON_CLOSED; break;
        case SESSION_REMOTE_CLOSE: {
            void *session = pn.event_session(happened);
            link = pn.session_get_context(session);
            if (link == &left) {
                pn.session_set_context(session, 0);
                // With its link.
                pn.session_free(session);
                break;
            }
            if (!link) break;
            event->number = number_of(link);
            tell(event, pn.session_remote_condition(session));
            event->kind = CELERY_PROTON_DETACHED;
            drop(session, link);
            break;
        }
        case LINK_REMOTE_OPEN:
            link = pn.event_link(happened);
            event->number = number_of(link);
            // A refusal has no terminus, and is followed by the reason.
            if (event->number && pn.terminus_type(pn.link_is_sender(link) ? pn.link_remote_target(link) : pn.link_remote_source(link))) {
                event->kind = CELERY_PROTON_ATTACHED;
                event->link = link;
            }
            break;
        case LINK_REMOTE_CLOSE:
        case LINK_REMOTE_DETACH:
            link = pn.event_link(happened);
            event->number = number_of(link);
            if (!event->number) break;
            tell(event, pn.link_remote_condition(link));
            event->kind = CELERY_PROTON_DETACHED;
            drop(pn.link_session(link), link);
            break;
        case LINK_FLOW:
            link = pn.event_link(happened);
            event->number = number_of(link);
            event->link = link;
            if (!event->number) break;
            if (pn.link_is_sender(link)) {
                event->kind = CELERY_PROTON_CREDIT;
            } else if (pn.get_drain(link) && !pn.draining(link)) {
                event->kind = CELERY_PROTON_DRAINED;
            } else if (!pn.get_drain(link)) {
                event->kind = CELERY_PROTON_TOLD;
            }
            break;
        case DELIVERY: tell_delivery(engine, event, pn.event_delivery(happened)); break;
        default: break;
    }
    return event->kind != CELERY_PROTON_NOTHING;
}

// A message that nobody has read must not stand before the next of its link.
static void skip_unread(struct engine *engine) {
    if (!engine->unread) return;
    pn.link_advance(pn.delivery_link(engine->unread));
    engine->unread = 0;
}

void celery_proton_next(void *pointer, struct celery_proton_event *event) {
    struct engine *engine = pointer;
    skip_unread(engine);
    memset(event, 0, sizeof *event);
    // An event keeps what it is about alive, so it is taken away only when the next is asked for.
    while (1) {
        if (engine->is_told) pn.collector_pop(engine->collector);
        engine->is_told = false;
        void *happened = pn.collector_peek(engine->collector);
        if (!happened) return;
        engine->is_told = true;
        if (tell_event(engine, event, happened)) return;
        memset(event, 0, sizeof *event);
    }
}

int celery_proton_read(void *pointer, void *bytes, size_t size) {
    struct engine *engine = pointer;
    void *delivery = engine->unread;
    if (!delivery) return -1;
    engine->unread = 0;
    void *link = pn.delivery_link(delivery);
    ssize_t count = size ? pn.link_recv(link, bytes, size) : 0;
    bool is_settled = pn.settled(delivery);
    pn.link_advance(link);
    if (is_settled) pn.settle(delivery);
    return count == (ssize_t)size ? 0 : -1;
}
