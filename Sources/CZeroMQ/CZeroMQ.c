#include "CZeroMQ.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

// zmq_pollitem_t.
struct waited {
    void *socket;
    int descriptor;
    short events;
    short happened;
};

// The library's functions, once it is loaded.
static struct {
    void (*version)(int *, int *, int *);
    int (*errno_)(void);
    const char *(*strerror)(int);
    void *(*ctx_new)(void);
    int (*ctx_set)(void *, int, int);
    int (*ctx_term)(void *);
    void *(*socket)(void *, int);
    int (*close)(void *);
    int (*setsockopt)(void *, int, const void *, size_t);
    int (*getsockopt)(void *, int, void *, size_t *);
    int (*bind)(void *, const char *);
    int (*connect)(void *, const char *);
    int (*monitor)(void *, const char *, int);
    int (*msg_init)(void *);
    int (*msg_init_size)(void *, size_t);
    int (*msg_send)(void *, void *, int);
    int (*msg_recv)(void *, void *, int);
    int (*msg_close)(void *);
    void *(*msg_data)(void *);
    size_t (*msg_size)(const void *);
    int (*msg_more)(const void *);
    const char *(*msg_gets)(const void *, const char *);
    int (*poll)(struct waited *, int, long);
    int (*has)(const char *);
    int (*curve_keypair)(char *, char *);
    int (*curve_public)(char *, const char *);
} zmq;

enum { DONTWAIT = 1, SNDMORE = 2, POLLIN_ = 1, MAX_SOCKETS = 2 };

static const char *problem = "not loaded";
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libzmq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        problem = dlerror();
        return;
    }
    struct {
        void **function;
        const char *name;
    } wanted[] = {
        {(void **)&zmq.version, "zmq_version"},
        {(void **)&zmq.errno_, "zmq_errno"},
        {(void **)&zmq.strerror, "zmq_strerror"},
        {(void **)&zmq.ctx_new, "zmq_ctx_new"},
        {(void **)&zmq.ctx_set, "zmq_ctx_set"},
        {(void **)&zmq.ctx_term, "zmq_ctx_term"},
        {(void **)&zmq.socket, "zmq_socket"},
        {(void **)&zmq.close, "zmq_close"},
        {(void **)&zmq.setsockopt, "zmq_setsockopt"},
        {(void **)&zmq.getsockopt, "zmq_getsockopt"},
        {(void **)&zmq.bind, "zmq_bind"},
        {(void **)&zmq.connect, "zmq_connect"},
        {(void **)&zmq.monitor, "zmq_socket_monitor"},
        {(void **)&zmq.msg_init, "zmq_msg_init"},
        {(void **)&zmq.msg_init_size, "zmq_msg_init_size"},
        {(void **)&zmq.msg_send, "zmq_msg_send"},
        {(void **)&zmq.msg_recv, "zmq_msg_recv"},
        {(void **)&zmq.msg_close, "zmq_msg_close"},
        {(void **)&zmq.msg_data, "zmq_msg_data"},
        {(void **)&zmq.msg_size, "zmq_msg_size"},
        {(void **)&zmq.msg_more, "zmq_msg_more"},
        {(void **)&zmq.msg_gets, "zmq_msg_gets"},
        {(void **)&zmq.poll, "zmq_poll"},
        {(void **)&zmq.has, "zmq_has"},
        {(void **)&zmq.curve_keypair, "zmq_curve_keypair"},
        {(void **)&zmq.curve_public, "zmq_curve_public"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!(*wanted[i].function = dlsym(library, wanted[i].name))) {
            problem = dlerror();
            return;
        }
    int major, minor, patch;
    zmq.version(&major, &minor, &patch);
    // Before 4.3 a client was not told that its key is refused.
    problem = major == 4 && minor >= 3 ? 0 : "it is not version 4.3 or later";
}

const char *celery_zmq_load(void) {
    pthread_once(&once, load);
    return problem;
}

// The library's functions tell errors by zmq_errno, which is errno unless there are two C libraries.
static int checked(int status) {
    if (status < 0) errno = zmq.errno_();
    return status;
}

void *celery_zmq_begin(int sockets) {
    void *context = zmq.ctx_new();
    // ZMQ_MAX_SOCKETS, ZMQ_BLOCKY: sockets do not linger unless told.
    if (context) {
        zmq.ctx_set(context, 2, sockets);
        zmq.ctx_set(context, 70, 0);
    }
    return context;
}

void celery_zmq_end(void *context) {
    while (zmq.ctx_term(context) < 0 && zmq.errno_() == EINTR) continue;
}

void *celery_zmq_open(void *context, int kind) {
    void *socket = zmq.socket(context, kind);
    if (!socket) errno = zmq.errno_();
    return socket;
}

void celery_zmq_close(void *socket) { zmq.close(socket); }

int celery_zmq_set(void *socket, int option, const void *value, size_t size) {
    return checked(zmq.setsockopt(socket, option, value, size));
}

int celery_zmq_set_number(void *socket, int option, int value) {
    return checked(zmq.setsockopt(socket, option, &value, sizeof value));
}

int celery_zmq_bind(void *socket, const char *address) { return checked(zmq.bind(socket, address)); }

int celery_zmq_connect(void *socket, const char *address) { return checked(zmq.connect(socket, address)); }

int celery_zmq_monitor(void *socket, const char *address, int events) { return checked(zmq.monitor(socket, address, events)); }

void celery_zmq_unmonitor(void *socket) { zmq.monitor(socket, NULL, 0); }

int celery_zmq_address(void *socket, char *text, size_t size) {
    return checked(zmq.getsockopt(socket, CELERY_ZMQ_LAST_ENDPOINT, text, &size));
}

int celery_zmq_send(void *socket, const void *bytes, size_t size, int more) {
    struct celery_zmq_part part;
    if (zmq.msg_init_size(&part, size) < 0) return checked(-1);
    if (size) memcpy(zmq.msg_data(&part), bytes, size);
    int status;
    do status = checked(zmq.msg_send(&part, socket, DONTWAIT | (more ? SNDMORE : 0)));
    while (status < 0 && errno == EINTR);
    if (status < 0) {
        int code = errno;
        zmq.msg_close(&part);
        errno = code;
    }
    return status < 0 ? -1 : 0;
}

int celery_zmq_receive(void *socket, struct celery_zmq_part *part) {
    if (zmq.msg_init(part) < 0) return checked(-1);
    int status;
    do status = checked(zmq.msg_recv(part, socket, DONTWAIT));
    while (status < 0 && errno == EINTR);
    if (status >= 0) return 1;
    int code = errno;
    zmq.msg_close(part);
    errno = code;
    return code == EAGAIN ? 0 : -1;
}

const void *celery_zmq_bytes(struct celery_zmq_part *part) { return zmq.msg_data(part); }

size_t celery_zmq_size(struct celery_zmq_part *part) { return zmq.msg_size(part); }

int celery_zmq_more(struct celery_zmq_part *part) { return zmq.msg_more(part); }

const char *celery_zmq_user(struct celery_zmq_part *part) { return zmq.msg_gets(part, "User-Id"); }

void celery_zmq_drop(struct celery_zmq_part *part) { zmq.msg_close(part); }

int celery_zmq_wait(void *const *sockets, int count, int descriptor, long milliseconds) {
    if (count == 0) {
        // The library is loaded with the first socket only.
        struct pollfd only = {descriptor, POLLIN, 0};
        return poll(&only, 1, (int)milliseconds);
    }
    struct waited items[MAX_SOCKETS + 1];
    if (count > MAX_SOCKETS) count = MAX_SOCKETS;
    for (int i = 0; i < count; i++) items[i] = (struct waited){sockets[i], 0, POLLIN_, 0};
    items[count] = (struct waited){0, descriptor, POLLIN_, 0};
    return checked(zmq.poll(items, count + 1, milliseconds));
}

int celery_zmq_has_curve(void) { return zmq.has("curve"); }

int celery_zmq_keys(char *public_key, char *secret_key) { return checked(zmq.curve_keypair(public_key, secret_key)); }

int celery_zmq_public(char *public_key, const char *secret_key) { return checked(zmq.curve_public(public_key, secret_key)); }

const char *celery_zmq_reason(int code) { return zmq.strerror(code); }
