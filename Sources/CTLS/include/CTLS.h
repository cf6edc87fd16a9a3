// TLS for clients by OpenSSL's libssl, loaded when the first URL asks for it. Nothing of its headers is needed to build: its
// objects are opaque here, and the numbers in CTLS.c are part of its binary interface.
//
// A session knows no socket: it turns what is to be sent into records, and records that have come into what was sent. So the
// thread that owns the connection waits for the network in one way, encrypted or not, and no write ends the process by SIGPIPE.
#ifndef CELERY_CTLS_H
#define CELERY_CTLS_H
#include <stddef.h>

/// What a connection demands of the server's certificate, and shows as its own. Paths are of PEM files.
struct celery_tls_terms {
    /// The host name or address that the certificate must be for, and that the server is told.
    const char *_Nonnull host;
    /// File and folder of trusted certificates; without either those of the system.
    const char *_Nullable authorities;
    const char *_Nullable authority_folder;
    const char *_Nullable certificate;
    const char *_Nullable key;
    int verifies;
    int checks_host;
};

/// What came of a call.
enum celery_tls_outcome {
    CELERY_TLS_DONE,
    /// Records of the server are missing.
    CELERY_TLS_WAITS,
    /// The server has ended the session.
    CELERY_TLS_ENDED,
    CELERY_TLS_FAILED,
    /// The certificate of the server is not acceptable.
    CELERY_TLS_DISTRUSTED,
};

/// Room for the reason of a failure, with its final zero.
enum { CELERY_TLS_PROBLEM = 256 };

/// Loads the library; the second time it only tells. Returns NULL when it is there, else the reason of dlerror(3). May be called
/// from any thread.
const char *_Nullable celery_tls_load(void);

/// Begins a session, after the library was loaded. Returns NULL for a file that cannot be used, with the reason in `problem`.
void *_Nullable celery_tls_open(const struct celery_tls_terms *_Nonnull terms, char *_Nonnull problem);
/// Frees a session.
void celery_tls_close(void *_Nonnull session);

/// Takes the next step of the handshake: call again when records have come. See SSL_do_handshake(3).
enum celery_tls_outcome celery_tls_shake(void *_Nonnull session, char *_Nonnull problem);
/// Reads what the server sent; its size is left in `count`. See SSL_read_ex(3).
enum celery_tls_outcome celery_tls_read(void *_Nonnull session, void *_Nonnull buffer, size_t *_Nonnull count, char *_Nonnull problem);
/// Turns bytes into records, which celery_tls_take hands out. See SSL_write_ex(3).
enum celery_tls_outcome celery_tls_write(
    void *_Nonnull session, const void *_Nonnull bytes, size_t count, char *_Nonnull problem);
/// Says that nothing more will be sent. See SSL_shutdown(3).
void celery_tls_end(void *_Nonnull session);

/// Hands over records that have come from the server. Returns 0 when there is no memory.
int celery_tls_give(void *_Nonnull session, const void *_Nonnull bytes, size_t count);
/// Takes records for the server. Returns their size, 0 when there are none.
size_t celery_tls_take(void *_Nonnull session, void *_Nonnull buffer, size_t count);

#endif
