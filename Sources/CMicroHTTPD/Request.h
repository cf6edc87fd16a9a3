// What the files of this folder share: the library's functions, servers and requests.
#ifndef CELERY_CMICROHTTPD_REQUEST_H
#define CELERY_CMICROHTTPD_REQUEST_H
#include "CMicroHTTPD.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/// The library's functions, once it is loaded.
struct celery_web_library {
    void *(*start_daemon)(unsigned flags, uint16_t port, void *accept, void *accept_context, void *handler, void *context, ...);
    int (*quiesce_daemon)(void *daemon);
    void (*stop_daemon)(void *daemon);
    void (*suspend_connection)(void *connection);
    void (*resume_connection)(void *connection);
    int (*get_connection_values)(void *connection, int kind, void *iterator, void *context);
    const char *(*lookup_connection_value)(void *connection, int kind, const char *key);
    const void *(*get_connection_info)(void *connection, int kind, ...);
    void *(*response_from_buffer)(size_t size, void *buffer, int mode);
    void *(*response_from_callback)(uint64_t size, size_t block, void *reader, void *context, void *freer);
    int (*add_response_header)(void *response, const char *name, const char *value);
    int (*queue_response)(void *connection, unsigned status, void *response);
    void (*destroy_response)(void *response);
};
extern struct celery_web_library celery_mhd;

struct server {
    pthread_mutex_t lock;
    void *daemon;
    celery_web_handler handler;
    void *context;
    size_t body_limit;
    /// The requests that the library knows.
    struct request *requests;
    size_t count;
    atomic_int is_stopping;
};

/// A request is read, then handled, and suspended until its answer is there:
///
///     READING -> HANDLED <-> SUSPENDED
///
/// A stream is besides suspended by its reader (`waits`) while it has nothing to send. Only who changes SUSPENDED or `waits` back,
/// under the lock, resumes the connection; until then the library does not touch it.
enum phase { READING, HANDLED, SUSPENDED };

struct request {
    pthread_mutex_t lock;
    atomic_int references;
    struct server *server;
    struct request *previous, *next;
    /// NULL when the library is done with it.
    void *connection;
    char *target;
    const char *method;
    int has_headers;
    unsigned char *body;
    size_t body_count, dropped;
    int is_too_long;
    enum phase phase;
    /// The library is done with it.
    int is_gone;

    int is_answered;
    /// The library has the answer already.
    int is_queued;
    unsigned status;
    /// Names and values, each with its final zero.
    char *fields;
    size_t field_count;
    void *answer;
    size_t answer_count;

    int is_stream, is_ended, waits;
    char *pending;
    size_t pending_start, pending_end, pending_room;
};

/// The peer of a connection, when a request has asked for it.
struct known_peer {
    int is_known;
    struct celery_web_peer peer;
};

/// Hands the answer to the library. Under the lock of the request.
int celery_web_queue(struct request *request);
/// Resumes a suspended connection. Under the lock of the request.
void celery_web_wake(struct request *request);
#endif
