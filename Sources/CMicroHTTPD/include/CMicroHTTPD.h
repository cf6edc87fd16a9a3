// An HTTP server by libmicrohttpd, loaded when `celery web` runs. Nothing of its headers is needed to build: its objects are opaque
// here, and the numbers in CMicroHTTPD.c are part of its binary interface.
//
// A request is handed to the handler when it is complete, on a thread of the server, which must not block there. The handler
// answers at once, or keeps the request and answers later from any thread: meanwhile the connection is suspended and costs
// nothing but memory. A stream is an answer that goes on until it is ended; it is suspended whenever there is nothing to send.
#ifndef CELERY_CMICROHTTPD_H
#define CELERY_CMICROHTTPD_H
#include <stddef.h>

/// Is given every complete request. To answer later, it calls celery_web_keep and, in the end, celery_web_release.
typedef void (*celery_web_handler)(void *_Nullable context, void *_Nonnull request);

/// What a server is started with.
struct celery_web_terms {
    /// A listening socket, which stays the caller's.
    int socket;
    /// Threads that serve connections, and connections at most.
    unsigned threads;
    unsigned connections;
    /// Seconds after which an idle connection is closed.
    unsigned patience;
    /// Bytes of memory of a connection, which limit the size of request line and headers.
    size_t memory;
    /// Bytes of the longest body.
    size_t body;
    /// PEM texts of certificate chain and key; both NULL serve plain HTTP.
    const char *_Nullable certificate;
    const char *_Nullable key;
    celery_web_handler _Nonnull handler;
    void *_Nullable context;
};

/// A header line.
struct celery_web_field {
    const char *_Nonnull name;
    const char *_Nonnull value;
};

/// Who sent a request.
struct celery_web_peer {
    /// AF_UNIX, AF_INET or AF_INET6; 0 if unknown.
    int family;
    /// 4 or 16 bytes, by family.
    unsigned char address[16];
    /// Whether `user` is known: for a Unix socket, and for a peer on this machine.
    int has_user;
    unsigned user;
};

enum {
    /// Most header lines of a request.
    CELERY_WEB_FIELDS = 64,
    /// Most bytes of a stream that wait to be sent: who reads slower is dropped.
    CELERY_WEB_BACKLOG = 1 << 18,
};

/// Loads the library; the second time it only tells. Returns NULL when it is there, else the reason of dlerror(3). May be called
/// from any thread.
const char *_Nullable celery_web_load(void);

/// Starts a server, after the library was loaded. Returns NULL if the library refuses.
void *_Nullable celery_web_start(const struct celery_web_terms *_Nonnull terms);
/// Accepts no more connections, resumes all suspended ones, and returns when every connection is closed. Frees the server.
void celery_web_stop(void *_Nonnull server);

// Within the handler only:

const char *_Nonnull celery_web_method(void *_Nonnull request);
/// The target as the client wrote it.
const char *_Nonnull celery_web_target(void *_Nonnull request);
/// Fills in the header lines. Returns their number; more than CELERY_WEB_FIELDS if some do not fit.
size_t celery_web_fields(void *_Nonnull request, struct celery_web_field *_Nonnull fields);
const unsigned char *_Nullable celery_web_body(void *_Nonnull request, size_t *_Nonnull count);
/// Whether the body was longer than allowed, and left out.
int celery_web_is_too_long(void *_Nonnull request);
void celery_web_find_peer(void *_Nonnull request, struct celery_web_peer *_Nonnull peer);

/// Writes all that an answer may depend on: the peer, the method, the target and the header lines. Returns its size in bytes, of which
/// at most `room` are written; 0 for a request with a body.
size_t celery_web_outline(void *_Nonnull request, unsigned char *_Nonnull bytes, size_t room);
/// Answers at once with a prepared answer, which stays the caller's. Returns 0 if the library refuses.
int celery_web_repeat(void *_Nonnull request, unsigned status, void *_Nonnull prepared);

// From any thread:

/// Makes an answer for many requests. Everything is copied. Returns NULL when there is no memory.
void *_Nullable celery_web_prepare(
    const struct celery_web_field *_Nullable fields, size_t field_count, const void *_Nullable body, size_t count);
/// Frees an answer when the last request that got it has been served.
void celery_web_forget(void *_Nonnull prepared);

// From any thread, while the request is kept:

void celery_web_keep(void *_Nonnull request);
void celery_web_release(void *_Nonnull request);
/// Answers a request; its second answer is ignored. Everything is copied.
void celery_web_answer(
    void *_Nonnull request, unsigned status, const struct celery_web_field *_Nullable fields, size_t field_count,
    const void *_Nullable body, size_t count);
/// Answers a request with a stream.
void celery_web_begin_stream(
    void *_Nonnull request, unsigned status, const struct celery_web_field *_Nullable fields, size_t field_count);
/// Sends more of a stream. Returns 0 if the client is gone or has not read what was sent before.
int celery_web_write(void *_Nonnull request, const void *_Nonnull bytes, size_t count);
/// Ends a stream.
void celery_web_end_stream(void *_Nonnull request);
#endif
