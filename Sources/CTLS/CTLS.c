#include "CTLS.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The library's functions, once it is loaded; those of libcrypto are found by way of libssl, which depends on it.
static struct {
    const void *(*TLS_client_method)(void);
    void *(*SSL_CTX_new)(const void *);
    void (*SSL_CTX_free)(void *);
    long (*SSL_CTX_ctrl)(void *, int, long, void *);
    void (*SSL_CTX_set_verify)(void *, int, void *);
    void (*SSL_CTX_set_default_passwd_cb)(void *, int (*)(char *, int, int, void *));
    int (*SSL_CTX_load_verify_locations)(void *, const char *, const char *);
    int (*SSL_CTX_set_default_verify_paths)(void *);
    int (*SSL_CTX_use_certificate_chain_file)(void *, const char *);
    int (*SSL_CTX_use_PrivateKey_file)(void *, const char *, int);
    int (*SSL_CTX_check_private_key)(const void *);
    void *(*SSL_new)(void *);
    void (*SSL_free)(void *);
    long (*SSL_ctrl)(void *, int, long, void *);
    void (*SSL_set_bio)(void *, void *, void *);
    void (*SSL_set_connect_state)(void *);
    void (*SSL_set_hostflags)(void *, unsigned);
    int (*SSL_set1_host)(void *, const char *);
    void *(*SSL_get0_param)(void *);
    int (*X509_VERIFY_PARAM_set1_ip_asc)(void *, const char *);
    int (*SSL_do_handshake)(void *);
    int (*SSL_read)(void *, void *, int);
    int (*SSL_write)(void *, const void *, int);
    int (*SSL_shutdown)(void *);
    int (*SSL_get_error)(const void *, int);
    long (*SSL_get_verify_result)(const void *);
    const char *(*X509_verify_cert_error_string)(long);
    const void *(*BIO_s_mem)(void);
    void *(*BIO_new)(const void *);
    int (*BIO_free)(void *);
    int (*BIO_read)(void *, void *, int);
    int (*BIO_write)(void *, const void *, int);
    unsigned long (*ERR_get_error)(void);
    void (*ERR_clear_error)(void);
    const char *(*ERR_reason_error_string)(unsigned long);
} tls;

struct session {
    void *context, *ssl, *input, *output;
    int verifies;
};

static const char *failure;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static char reason[256];
    void *library = dlopen("libssl.so.3", RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        // Kept: the message of the last attempt would name the older library.
        snprintf(reason, sizeof reason, "%s", dlerror());
        library = dlopen("libssl.so.1.1", RTLD_LAZY | RTLD_LOCAL);
    }
    if (!library) {
        failure = reason;
        return;
    }
#define LOAD(name) \
    if (!(tls.name = (__typeof__(tls.name))dlsym(library, #name))) { \
        snprintf(reason, sizeof reason, "%s", dlerror()); \
        failure = reason; \
        return; \
    }
    LOAD(TLS_client_method)
    LOAD(SSL_CTX_new)
    LOAD(SSL_CTX_free)
    LOAD(SSL_CTX_ctrl)
    LOAD(SSL_CTX_set_verify)
    LOAD(SSL_CTX_set_default_passwd_cb)
    LOAD(SSL_CTX_load_verify_locations)
    LOAD(SSL_CTX_set_default_verify_paths)
    LOAD(SSL_CTX_use_certificate_chain_file)
    LOAD(SSL_CTX_use_PrivateKey_file)
    LOAD(SSL_CTX_check_private_key)
    LOAD(SSL_new)
    LOAD(SSL_free)
    LOAD(SSL_ctrl)
    LOAD(SSL_set_bio)
    LOAD(SSL_set_connect_state)
    LOAD(SSL_set_hostflags)
    LOAD(SSL_set1_host)
    LOAD(SSL_get0_param)
    LOAD(X509_VERIFY_PARAM_set1_ip_asc)
    LOAD(SSL_do_handshake)
    LOAD(SSL_read)
    LOAD(SSL_write)
    LOAD(SSL_shutdown)
    LOAD(SSL_get_error)
    LOAD(SSL_get_verify_result)
    LOAD(X509_verify_cert_error_string)
    LOAD(BIO_s_mem)
    LOAD(BIO_new)
    LOAD(BIO_free)
    LOAD(BIO_read)
    LOAD(BIO_write)
    LOAD(ERR_get_error)
    LOAD(ERR_clear_error)
    LOAD(ERR_reason_error_string)
#undef LOAD
}

const char *celery_tls_load(void) {
    pthread_once(&once, load);
    return failure;
}

static void explain(char *problem, const char *what) {
    const char *reason = tls.ERR_reason_error_string(tls.ERR_get_error());
    snprintf(problem, CELERY_TLS_PROBLEM, "%s%s%s", what, reason && *what ? ": " : "", reason ? reason : "");
    tls.ERR_clear_error();
}

// Nobody is asked for the password of a key: there may be no terminal, and it would be in the way.
static int no_password(char *buffer, int size, int writes, void *context) {
    (void)buffer, (void)size, (void)writes, (void)context;
    return 0;
}

static int set_up(void *context, const struct celery_tls_terms *terms, char *problem) {
    tls.SSL_CTX_ctrl(context, 123 /* SSL_CTRL_SET_MIN_PROTO_VERSION */, 0x0303 /* TLS1_2_VERSION */, 0);
    tls.SSL_CTX_set_verify(context, terms->verifies ? 1 /* SSL_VERIFY_PEER */ : 0, 0);
    tls.SSL_CTX_set_default_passwd_cb(context, no_password);
    if (terms->authorities || terms->authority_folder) {
        if (tls.SSL_CTX_load_verify_locations(context, terms->authorities, terms->authority_folder) != 1) {
            explain(problem, "cannot use the trusted certificates");
            return 0;
        }
    } else {
        tls.SSL_CTX_set_default_verify_paths(context);
    }
    if (!terms->certificate) return 1;
    if (tls.SSL_CTX_use_certificate_chain_file(context, terms->certificate) != 1) {
        explain(problem, "cannot use the certificate");
        return 0;
    }
    if (tls.SSL_CTX_use_PrivateKey_file(context, terms->key, 1 /* SSL_FILETYPE_PEM */) != 1 ||
        tls.SSL_CTX_check_private_key(context) != 1) {
        explain(problem, "cannot use the key of the certificate");
        return 0;
    }
    return 1;
}

void *celery_tls_open(const struct celery_tls_terms *terms, char *problem) {
    struct session *session = calloc(1, sizeof *session);
    problem[0] = 0;
    if (!session) return 0;
    session->verifies = terms->verifies;
    tls.ERR_clear_error();
    session->context = tls.SSL_CTX_new(tls.TLS_client_method());
    if (!session->context || !set_up(session->context, terms, problem) || !(session->ssl = tls.SSL_new(session->context))) {
        celery_tls_close(session);
        return 0;
    }
    session->input = tls.BIO_new(tls.BIO_s_mem());
    session->output = tls.BIO_new(tls.BIO_s_mem());
    if (!session->input || !session->output) {
        if (session->input) tls.BIO_free(session->input);
        if (session->output) tls.BIO_free(session->output);
        celery_tls_close(session);
        return 0;
    }
    // From here on the session frees both.
    tls.SSL_set_bio(session->ssl, session->input, session->output);
    tls.SSL_set_connect_state(session->ssl);
    struct in6_addr address;
    int is_address = inet_pton(AF_INET, terms->host, &address) == 1 || inet_pton(AF_INET6, terms->host, &address) == 1;
    // Servers with several certificates choose by the name; an address is not sent (RFC 6066, section 3).
    if (!is_address) tls.SSL_ctrl(session->ssl, 55 /* SSL_CTRL_SET_TLSEXT_HOSTNAME */, 0, (void *)terms->host);
    if (terms->checks_host) {
        tls.SSL_set_hostflags(session->ssl, 4 /* X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS */);
        if ((is_address ? tls.X509_VERIFY_PARAM_set1_ip_asc(tls.SSL_get0_param(session->ssl), terms->host)
                        : tls.SSL_set1_host(session->ssl, terms->host)) != 1) {
            explain(problem, "cannot check the host name");
            celery_tls_close(session);
            return 0;
        }
    }
    tls.ERR_clear_error();
    return session;
}

void celery_tls_close(void *opaque) {
    struct session *session = opaque;
    if (session->ssl) tls.SSL_free(session->ssl);
    if (session->context) tls.SSL_CTX_free(session->context);
    free(session);
}

static enum celery_tls_outcome outcome(struct session *session, int status, char *problem) {
    switch (tls.SSL_get_error(session->ssl, status)) {
    // The records for the server are always taken, so that only those of the server can be missing.
    case 2 /* SSL_ERROR_WANT_READ */:
    case 3 /* SSL_ERROR_WANT_WRITE */: return CELERY_TLS_WAITS;
    case 6 /* SSL_ERROR_ZERO_RETURN */: return CELERY_TLS_ENDED;
    default: break;
    }
    // Kept also where nobody asked for it.
    long verdict = session->verifies ? tls.SSL_get_verify_result(session->ssl) : 0;
    if (verdict != 0 /* X509_V_OK */) {
        snprintf(problem, CELERY_TLS_PROBLEM, "%s", tls.X509_verify_cert_error_string(verdict));
        tls.ERR_clear_error();
        return CELERY_TLS_DISTRUSTED;
    }
    explain(problem, "");
    return CELERY_TLS_FAILED;
}

enum celery_tls_outcome celery_tls_shake(void *opaque, char *problem) {
    struct session *session = opaque;
    tls.ERR_clear_error();
    int status = tls.SSL_do_handshake(session->ssl);
    return status == 1 ? CELERY_TLS_DONE : outcome(session, status, problem);
}

enum celery_tls_outcome celery_tls_read(void *opaque, void *buffer, size_t *count, char *problem) {
    struct session *session = opaque;
    tls.ERR_clear_error();
    int status = tls.SSL_read(session->ssl, buffer, *count > INT_MAX ? INT_MAX : (int)*count);
    *count = status > 0 ? (size_t)status : 0;
    return status > 0 ? CELERY_TLS_DONE : outcome(session, status, problem);
}

enum celery_tls_outcome celery_tls_write(void *opaque, const void *bytes, size_t count, char *problem) {
    struct session *session = opaque;
    tls.ERR_clear_error();
    // Memory takes all of it at once.
    while (count > 0) {
        int status = tls.SSL_write(session->ssl, bytes, count > (1 << 20) ? 1 << 20 : (int)count);
        if (status <= 0) return outcome(session, status, problem);
        bytes = (const char *)bytes + status;
        count -= (size_t)status;
    }
    return CELERY_TLS_DONE;
}

void celery_tls_end(void *opaque) {
    tls.SSL_shutdown(((struct session *)opaque)->ssl);
    tls.ERR_clear_error();
}

int celery_tls_give(void *opaque, const void *bytes, size_t count) {
    while (count > 0) {
        int status = tls.BIO_write(((struct session *)opaque)->input, bytes, count > INT_MAX ? INT_MAX : (int)count);
        if (status <= 0) return 0;
        bytes = (const char *)bytes + status;
        count -= (size_t)status;
    }
    return 1;
}

size_t celery_tls_take(void *opaque, void *buffer, size_t count) {
    int status = tls.BIO_read(((struct session *)opaque)->output, buffer, count > INT_MAX ? INT_MAX : (int)count);
    return status > 0 ? (size_t)status : 0;
}
