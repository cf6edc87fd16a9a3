#include "CCurl.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// The library's functions, once it is loaded.
static struct {
    int (*global_init)(long);
    void *(*easy_init)(void);
    void (*easy_cleanup)(void *);
    void (*easy_reset)(void *);
    int (*easy_setopt)(void *, int, ...);
    int (*easy_getinfo)(void *, int, ...);
    int (*easy_perform)(void *);
    const char *(*easy_strerror)(int);
    void *(*slist_append)(void *, const char *);
    void (*slist_free_all)(void *);
    // Several requests at once.
    void *(*multi_init)(void);
    int (*multi_cleanup)(void *);
    int (*multi_setopt)(void *, int, ...);
    int (*multi_add_handle)(void *, void *);
    int (*multi_remove_handle)(void *, void *);
    int (*multi_socket_action)(void *, int, int, int *);
    void *(*multi_info_read)(void *, int *);
} curl;

// curl_sockaddr and CURLMsg.
struct peer {
    int family;
    int type;
    int protocol;
    unsigned length;
    struct sockaddr address;
};
struct note {
    int kind;
    void *handle;
    union {
        void *unused;
        int code;
    } data;
};

static int loaded = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    // The same library, built upon one TLS library or another.
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4", "libcurl.so"};
    void *library = 0;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    struct {
        void **function;
        const char *name;
    } wanted[] = {
        {(void **)&curl.global_init, "curl_global_init"},     {(void **)&curl.easy_init, "curl_easy_init"},
        {(void **)&curl.easy_cleanup, "curl_easy_cleanup"},   {(void **)&curl.easy_reset, "curl_easy_reset"},
        {(void **)&curl.easy_setopt, "curl_easy_setopt"},     {(void **)&curl.easy_getinfo, "curl_easy_getinfo"},
        {(void **)&curl.easy_perform, "curl_easy_perform"},   {(void **)&curl.easy_strerror, "curl_easy_strerror"},
        {(void **)&curl.slist_append, "curl_slist_append"},   {(void **)&curl.slist_free_all, "curl_slist_free_all"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!(*wanted[i].function = dlsym(library, wanted[i].name))) return;
    struct {
        void **function;
        const char *name;
    } wished[] = {
        {(void **)&curl.multi_cleanup, "curl_multi_cleanup"},
        {(void **)&curl.multi_setopt, "curl_multi_setopt"},
        {(void **)&curl.multi_add_handle, "curl_multi_add_handle"},
        {(void **)&curl.multi_remove_handle, "curl_multi_remove_handle"},
        {(void **)&curl.multi_socket_action, "curl_multi_socket_action"},
        {(void **)&curl.multi_info_read, "curl_multi_info_read"},
        // Last: whoever finds it finds the others.
        {(void **)&curl.multi_init, "curl_multi_init"},
    };
    for (size_t i = 0; i < sizeof wished / sizeof *wished; i++)
        if (!(*wished[i].function = dlsym(library, wished[i].name))) break;
    loaded = curl.global_init(3 /* CURL_GLOBAL_ALL */);
}

int celery_curl_load(void) {
    pthread_once(&once, load);
    return loaded;
}

void *celery_curl_open(void) { return curl.easy_init(); }
void celery_curl_close(void *handle) { curl.easy_cleanup(handle); }
void celery_curl_reset(void *handle) { curl.easy_reset(handle); }

int celery_curl_set_text(void *handle, int option, const char *value) { return curl.easy_setopt(handle, option, value); }
int celery_curl_set_number(void *handle, int option, long value) { return curl.easy_setopt(handle, option, value); }

static size_t keep(struct celery_curl_answer *answer, const char *bytes, size_t more) {
    if (more > answer->limit - answer->count) return 0;
    char *grown = realloc(answer->bytes, answer->count + more + 1);
    if (!grown) return 0;
    memcpy(grown + answer->count, bytes, more);
    answer->bytes = grown;
    answer->count += more;
    return more;
}

// CURLOPT_WRITEFUNCTION: anything but `size * count` ends the transfer.
static size_t receive(char *bytes, size_t size, size_t count, void *context) {
    struct celery_curl_exchange *exchange = context;
    struct celery_curl_budget *budget = exchange->budget;
    size_t more = size * count;
    if (budget && more > budget->limit - budget->count) return 0;
    size_t kept = keep(&exchange->body, bytes, more);
    if (budget) budget->count += kept;
    return kept;
}

// CURLOPT_HEADERFUNCTION.
static size_t receive_head(char *bytes, size_t size, size_t count, void *context) {
    struct celery_curl_exchange *exchange = context;
    size_t more = size * count;
    return exchange->head.limit ? keep(&exchange->head, bytes, more) : more;
}

static int permits(struct celery_curl_exchange *exchange, int family, const void *address) {
    size_t count = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
    if (count && exchange->permits(exchange->context, address, count)) return 1;
    exchange->is_refused = 1;
    return 0;
}

// CURLOPT_OPENSOCKETFUNCTION: opens the socket for the address that was found, and no other is connected to.
static int open_socket(void *context, int purpose, struct peer *peer) {
    (void)purpose;
    const void *address = peer->family == AF_INET ? (const void *)&((struct sockaddr_in *)&peer->address)->sin_addr
                                                  : (const void *)&((struct sockaddr_in6 *)&peer->address)->sin6_addr;
    if (!permits(context, peer->family, address)) return -1;
    return socket(peer->family, peer->type | SOCK_CLOEXEC, peer->protocol);
}

// CURLOPT_PREREQFUNCTION: also asked before a request goes over a connection that stands already, perhaps made for a
// request to which all addresses are permitted.
static int before_request(void *context, char *address, char *own, int port, int own_port) {
    (void)own;
    (void)port;
    (void)own_port;
    unsigned char bytes[16];
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;
    return inet_pton(family, address, bytes) == 1 && permits(context, family, bytes) ? 0 : 1;
}

int celery_curl_prepare(
    void *handle, const char *const *headers, size_t count, struct celery_curl_exchange *exchange) {
    for (size_t i = 0; i < count; i++) {
        void *longer = curl.slist_append(exchange->lines, headers[i]);
        if (!longer) return 27; /* CURLE_OUT_OF_MEMORY */
        exchange->lines = longer;
    }
    exchange->problem[0] = 0;
    curl.easy_setopt(handle, 10010 /* CURLOPT_ERRORBUFFER */, exchange->problem);
    curl.easy_setopt(handle, 10023 /* CURLOPT_HTTPHEADER */, exchange->lines);
    curl.easy_setopt(handle, 20011 /* CURLOPT_WRITEFUNCTION */, receive);
    curl.easy_setopt(handle, 10001 /* CURLOPT_WRITEDATA */, exchange);
    curl.easy_setopt(handle, 20079 /* CURLOPT_HEADERFUNCTION */, receive_head);
    curl.easy_setopt(handle, 10029 /* CURLOPT_HEADERDATA */, exchange);
    if (!exchange->permits) return 0;
    curl.easy_setopt(handle, 20163 /* CURLOPT_OPENSOCKETFUNCTION */, open_socket);
    curl.easy_setopt(handle, 10164 /* CURLOPT_OPENSOCKETDATA */, exchange);
    int code = curl.easy_setopt(handle, 20312 /* CURLOPT_PREREQFUNCTION */, before_request);
    curl.easy_setopt(handle, 10313 /* CURLOPT_PREREQDATA */, exchange);
    // Without it, before 7.80, no connection may be there already.
    if (code) curl.easy_setopt(handle, 74 /* CURLOPT_FRESH_CONNECT */, 1L);
    return 0;
}

void celery_curl_clear(struct celery_curl_exchange *exchange) {
    if (exchange->budget) exchange->budget->count -= exchange->body.count;
    free(exchange->body.bytes);
    free(exchange->head.bytes);
    curl.slist_free_all(exchange->lines);
    memset(exchange, 0, sizeof *exchange);
}

int celery_curl_perform(void *handle) { return curl.easy_perform(handle); }

struct outgoing {
    const char *bytes;
    size_t count;
};

// CURLOPT_READFUNCTION.
static size_t give(char *buffer, size_t size, size_t count, void *context) {
    struct outgoing *outgoing = context;
    size_t more = size * count < outgoing->count ? size * count : outgoing->count;
    memcpy(buffer, outgoing->bytes, more);
    outgoing->bytes += more;
    outgoing->count -= more;
    return more;
}

int celery_curl_mail(
    void *handle, const char *const *recipients, size_t recipient_count, const char *bytes, size_t count, char *problem) {
    void *list = 0;
    for (size_t i = 0; i < recipient_count; i++) {
        void *longer = curl.slist_append(list, recipients[i]);
        if (!longer) {
            curl.slist_free_all(list);
            return 27; /* CURLE_OUT_OF_MEMORY */
        }
        list = longer;
    }
    struct outgoing outgoing = {bytes, count};
    problem[0] = 0;
    curl.easy_setopt(handle, 10010 /* CURLOPT_ERRORBUFFER */, problem);
    curl.easy_setopt(handle, 10187 /* CURLOPT_MAIL_RCPT */, list);
    // One wrong address need not keep the mail from the others; unknown before 7.69.
    curl.easy_setopt(handle, 290 /* CURLOPT_MAIL_RCPT_ALLLOWFAILS */, 1L);
    curl.easy_setopt(handle, 20012 /* CURLOPT_READFUNCTION */, give);
    curl.easy_setopt(handle, 10009 /* CURLOPT_READDATA */, &outgoing);
    int code = curl.easy_perform(handle);
    curl.easy_setopt(handle, 10010, (char *)0);
    curl.easy_setopt(handle, 10187, (void *)0);
    curl.slist_free_all(list);
    return code;
}

long celery_curl_status(void *handle) {
    long status = 0;
    curl.easy_getinfo(handle, 0x200002 /* CURLINFO_RESPONSE_CODE */, &status);
    return status;
}

const char *celery_curl_meaning(int code) { return curl.easy_strerror(code); }

// Requests under way at once. libcurl says which sockets it waits for, and `queue` watches them: what a round costs depends on the
// sockets that are ready, not on all that wait, as it would with curl_multi_poll and curl_multi_perform.
struct transfers {
    void *multi;
    int queue;
    // When libcurl wants to be called without an event, in milliseconds of CLOCK_MONOTONIC; -1 is never.
    long long due;
};

// Sockets served in one round; what is ready beyond them comes with the next one.
enum { ROUND = 512 };

static long long milliseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

// CURLMOPT_SOCKETFUNCTION.
static int watch_socket(void *handle, int number, int what, void *context, void *socket_context) {
    (void)handle;
    (void)socket_context;
    int queue = ((struct transfers *)context)->queue;
    if (what == 4 /* CURL_POLL_REMOVE */) {
        epoll_ctl(queue, EPOLL_CTL_DEL, number, 0);
        return 0;
    }
    struct epoll_event event = {.data.fd = number};
    if (what & 1 /* CURL_POLL_IN */) event.events |= EPOLLIN;
    if (what & 2 /* CURL_POLL_OUT */) event.events |= EPOLLOUT;
    // A socket that cannot be watched leaves its request to its timeout: -1 would end all others, and those to come.
    if (epoll_ctl(queue, EPOLL_CTL_MOD, number, &event) != 0) epoll_ctl(queue, EPOLL_CTL_ADD, number, &event);
    return 0;
}

// CURLMOPT_TIMERFUNCTION.
static int note_time(void *multi, long milliseconds, void *context) {
    (void)multi;
    // Rounded up: libcurl may ask only once for a time.
    ((struct transfers *)context)->due = milliseconds < 0 ? -1 : milliseconds_now() + milliseconds + (milliseconds > 0);
    return 0;
}

void *celery_curl_multi_open(long connections) {
    struct transfers *transfers = curl.multi_init ? malloc(sizeof *transfers) : 0;
    if (!transfers) return 0;
    transfers->due = -1;
    transfers->queue = epoll_create1(EPOLL_CLOEXEC);
    transfers->multi = transfers->queue < 0 ? 0 : curl.multi_init();
    if (!transfers->multi) {
        if (transfers->queue >= 0) close(transfers->queue);
        free(transfers);
        return 0;
    }
    curl.multi_setopt(transfers->multi, 6 /* CURLMOPT_MAXCONNECTS */, connections);
    curl.multi_setopt(transfers->multi, 20001 /* CURLMOPT_SOCKETFUNCTION */, watch_socket);
    curl.multi_setopt(transfers->multi, 10002 /* CURLMOPT_SOCKETDATA */, transfers);
    curl.multi_setopt(transfers->multi, 20004 /* CURLMOPT_TIMERFUNCTION */, note_time);
    curl.multi_setopt(transfers->multi, 10005 /* CURLMOPT_TIMERDATA */, transfers);
    return transfers;
}

void celery_curl_multi_close(void *context) {
    struct transfers *transfers = context;
    curl.multi_cleanup(transfers->multi);
    close(transfers->queue);
    free(transfers);
}

int celery_curl_multi_add(void *context, void *handle) {
    return curl.multi_add_handle(((struct transfers *)context)->multi, handle);
}

void celery_curl_multi_remove(void *context, void *handle) {
    curl.multi_remove_handle(((struct transfers *)context)->multi, handle);
}

int celery_curl_multi_run(void *context) {
    struct transfers *transfers = context;
    struct epoll_event events[ROUND];
    int running = 0, code = 0;
    int count = epoll_wait(transfers->queue, events, ROUND, 0);
    for (int i = 0; i < count && code == 0; i++) {
        unsigned happened = events[i].events;
        int what = (happened & EPOLLIN ? 1 : 0) | (happened & EPOLLOUT ? 2 : 0) | (happened & (EPOLLERR | EPOLLHUP) ? 4 : 0);
        code = curl.multi_socket_action(transfers->multi, events[i].data.fd, what, &running);
    }
    if (transfers->due >= 0 && transfers->due <= milliseconds_now()) {
        transfers->due = -1;
        code = curl.multi_socket_action(transfers->multi, -1 /* CURL_SOCKET_TIMEOUT */, 0, &running);
    }
    return code;
}

int celery_curl_multi_wait(void *context, int descriptor, int milliseconds) {
    struct transfers *transfers = context;
    if (transfers->due >= 0) {
        long long left = transfers->due - milliseconds_now();
        if (left < milliseconds) milliseconds = left > 0 ? (int)left : 0;
    }
    // A descriptor below 0 is passed over.
    struct pollfd waited[] = {{.fd = transfers->queue, .events = POLLIN}, {.fd = descriptor, .events = POLLIN}};
    return poll(waited, 2, milliseconds) < 0 && errno != EINTR ? -1 : 0;
}

void *celery_curl_multi_next(void *context, int *code) {
    int left = 0;
    struct note *note;
    while ((note = curl.multi_info_read(((struct transfers *)context)->multi, &left)))
        if (note->kind == 1 /* CURLMSG_DONE */) {
            *code = note->data.code;
            return note->handle;
        }
    return 0;
}
