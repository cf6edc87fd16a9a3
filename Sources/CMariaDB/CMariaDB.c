#include "CMariaDB.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// The library's functions, once it is loaded.
static struct {
    int (*mysql_server_init)(int, char **, char **);
    void *(*mysql_init)(void *);
    int (*mysql_options)(void *, int, const void *);
    void *(*mysql_real_connect)(
        void *, const char *, const char *, const char *, const char *, unsigned, const char *, unsigned long);
    void (*mysql_close)(void *);
    int (*mysql_get_socket)(void *);
    const char *(*mysql_get_server_info)(void *);
    const char *(*mysql_get_ssl_cipher)(void *);
    int (*mysql_real_query)(void *, const char *, unsigned long);
    unsigned (*mysql_errno)(void *);
    const char *(*mysql_error)(void *);
    unsigned long long (*mysql_affected_rows)(void *);
    void *(*mysql_store_result)(void *);
    unsigned (*mysql_num_fields)(void *);
    char **(*mysql_fetch_row)(void *);
    unsigned long *(*mysql_fetch_lengths)(void *);
    void (*mysql_free_result)(void *);
} maria;

static const char *failure;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static char reason[256];
    void *library = dlopen("libmariadb.so.3", RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        snprintf(reason, sizeof reason, "%s", dlerror());
        failure = reason;
        return;
    }
#define LOAD(name) \
    if (!(maria.name = (__typeof__(maria.name))dlsym(library, #name))) { \
        snprintf(reason, sizeof reason, "%s", dlerror()); \
        failure = reason; \
        return; \
    }
    LOAD(mysql_server_init)
    LOAD(mysql_init)
    LOAD(mysql_options)
    LOAD(mysql_real_connect)
    LOAD(mysql_close)
    LOAD(mysql_get_socket)
    LOAD(mysql_get_server_info)
    LOAD(mysql_get_ssl_cipher)
    LOAD(mysql_real_query)
    LOAD(mysql_errno)
    LOAD(mysql_error)
    LOAD(mysql_affected_rows)
    LOAD(mysql_store_result)
    LOAD(mysql_num_fields)
    LOAD(mysql_fetch_row)
    LOAD(mysql_fetch_lengths)
    LOAD(mysql_free_result)
#undef LOAD
    // Once, before any other thread uses it.
    if (maria.mysql_server_init(0, 0, 0)) failure = "it cannot be initialized";
}

const char *celery_maria_load(void) {
    pthread_once(&once, load);
    return failure;
}

// A connection that is dead, though nobody has said so, ends within ten seconds, also while a statement may take minutes.
static void watch(int socket) {
    int on = 1, idle = 3, interval = 2, count = 2, unconfirmed = 8000;
    if (socket < 0) return;
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    // These fail at a socket of this machine, which needs none of it.
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unconfirmed, sizeof unconfirmed);
}

void *celery_maria_connect(const struct celery_maria_terms *terms, unsigned *code, char *problem) {
    void *connection = maria.mysql_init(0);
    char on = 1, off = 0;
    *code = 2008 /* CR_OUT_OF_MEMORY */;
    snprintf(problem, CELERY_MARIA_PROBLEM, "out of memory");
    if (!connection) return 0;
    maria.mysql_options(connection, 0 /* MYSQL_OPT_CONNECT_TIMEOUT */, &terms->connect_timeout);
    maria.mysql_options(connection, 11 /* MYSQL_OPT_READ_TIMEOUT */, &terms->answer_timeout);
    maria.mysql_options(connection, 12 /* MYSQL_OPT_WRITE_TIMEOUT */, &terms->answer_timeout);
    maria.mysql_options(connection, 7 /* MYSQL_SET_CHARSET_NAME */, "utf8mb4");
    // No server may ask for files of this machine.
    unsigned none = 0;
    maria.mysql_options(connection, 8 /* MYSQL_OPT_LOCAL_INFILE */, &none);
    maria.mysql_options(connection, 20 /* MYSQL_OPT_RECONNECT */, &off);
    if (terms->encrypts) maria.mysql_options(connection, 38 /* MYSQL_OPT_SSL_ENFORCE */, &on);
    // Newer libraries verify unless they are told not to.
    maria.mysql_options(connection, 21 /* MYSQL_OPT_SSL_VERIFY_SERVER_CERT */, terms->verifies ? &on : &off);
    if (terms->key) maria.mysql_options(connection, 25 /* MYSQL_OPT_SSL_KEY */, terms->key);
    if (terms->certificate) maria.mysql_options(connection, 26 /* MYSQL_OPT_SSL_CERT */, terms->certificate);
    if (terms->authorities) maria.mysql_options(connection, 27 /* MYSQL_OPT_SSL_CA */, terms->authorities);
    if (terms->authority_folder) maria.mysql_options(connection, 28 /* MYSQL_OPT_SSL_CAPATH */, terms->authority_folder);
    if (terms->cipher) maria.mysql_options(connection, 29 /* MYSQL_OPT_SSL_CIPHER */, terms->cipher);
    if (!maria.mysql_real_connect(
            connection, terms->host, terms->user, terms->password, terms->database, terms->port, terms->socket, 0)) {
        *code = maria.mysql_errno(connection);
        snprintf(problem, CELERY_MARIA_PROBLEM, "%s", maria.mysql_error(connection));
        maria.mysql_close(connection);
        return 0;
    }
    // The library goes on without, where it does not verify.
    if (terms->encrypts && !maria.mysql_get_ssl_cipher(connection)) {
        *code = 2026 /* CR_SSL_CONNECTION_ERROR */;
        snprintf(problem, CELERY_MARIA_PROBLEM, "the server offers no TLS, which the URL demands");
        maria.mysql_close(connection);
        return 0;
    }
    watch(maria.mysql_get_socket(connection));
    return connection;
}

void celery_maria_close(void *connection) { maria.mysql_close(connection); }
const char *celery_maria_server(void *connection) { return maria.mysql_get_server_info(connection); }

unsigned celery_maria_query(void *connection, const void *sql, size_t length) {
    return maria.mysql_real_query(connection, sql, (unsigned long)length) ? maria.mysql_errno(connection) : 0;
}

unsigned celery_maria_code(void *connection) { return maria.mysql_errno(connection); }
const char *celery_maria_message(void *connection) { return maria.mysql_error(connection); }
long long celery_maria_changes(void *connection) { return (long long)maria.mysql_affected_rows(connection); }
void *celery_maria_result(void *connection) { return maria.mysql_store_result(connection); }
unsigned celery_maria_columns(void *result) { return maria.mysql_num_fields(result); }

int celery_maria_next(void *result, const char *const **values, const unsigned long **lengths) {
    *values = (const char *const *)maria.mysql_fetch_row(result);
    *lengths = *values ? maria.mysql_fetch_lengths(result) : 0;
    return *values != 0;
}

void celery_maria_free(void *result) { maria.mysql_free_result(result); }
