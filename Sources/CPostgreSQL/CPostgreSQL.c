#include "CPostgreSQL.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// PGnotify, which the library shows to its users.
struct notice {
    char *channel;
    int process;
    char *text;
    struct notice *next;
};

// The library's functions, once it is loaded.
static struct {
    void *(*PQconnectStartParams)(const char *const *, const char *const *, int);
    int (*PQconnectPoll)(void *);
    void (*PQfinish)(void *);
    int (*PQstatus)(const void *);
    int (*PQsocket)(const void *);
    char *(*PQerrorMessage)(const void *);
    const char *(*PQparameterStatus)(const void *, const char *);
    int (*PQconnectionNeedsPassword)(const void *);
    int (*PQconnectionUsedPassword)(const void *);
    int (*PQsetnonblocking)(void *, int);
    void (*(*PQsetNoticeProcessor)(void *, void (*)(void *, const char *), void *))(void *, const char *);
    int (*PQsendQueryParams)(
        void *, const char *, int, const unsigned *, const char *const *, const int *, const int *, int);
    int (*PQflush)(void *);
    int (*PQconsumeInput)(void *);
    int (*PQisBusy)(void *);
    void *(*PQgetResult)(void *);
    void (*PQclear)(void *);
    int (*PQresultStatus)(const void *);
    char *(*PQresultErrorField)(const void *, int);
    char *(*PQcmdTuples)(void *);
    int (*PQntuples)(const void *);
    int (*PQnfields)(const void *);
    unsigned (*PQftype)(const void *, int);
    char *(*PQgetvalue)(const void *, int, int);
    int (*PQgetlength)(const void *, int, int);
    int (*PQgetisnull)(const void *, int, int);
    struct notice *(*PQnotifies)(void *);
    void (*PQfreemem)(void *);
} pq;

static const char *failure;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static char reason[256];
    void *library = dlopen("libpq.so.5", RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        snprintf(reason, sizeof reason, "%s", dlerror());
        failure = reason;
        return;
    }
#define LOAD(name) \
    if (!(pq.name = (__typeof__(pq.name))dlsym(library, #name))) { \
        snprintf(reason, sizeof reason, "%s", dlerror()); \
        failure = reason; \
        return; \
    }
    LOAD(PQconnectStartParams)
    LOAD(PQconnectPoll)
    LOAD(PQfinish)
    LOAD(PQstatus)
    LOAD(PQsocket)
    LOAD(PQerrorMessage)
    LOAD(PQparameterStatus)
    LOAD(PQconnectionNeedsPassword)
    LOAD(PQconnectionUsedPassword)
    LOAD(PQsetnonblocking)
    LOAD(PQsetNoticeProcessor)
    LOAD(PQsendQueryParams)
    LOAD(PQflush)
    LOAD(PQconsumeInput)
    LOAD(PQisBusy)
    LOAD(PQgetResult)
    LOAD(PQclear)
    LOAD(PQresultStatus)
    LOAD(PQresultErrorField)
    LOAD(PQcmdTuples)
    LOAD(PQntuples)
    LOAD(PQnfields)
    LOAD(PQftype)
    LOAD(PQgetvalue)
    LOAD(PQgetlength)
    LOAD(PQgetisnull)
    LOAD(PQnotifies)
    LOAD(PQfreemem)
#undef LOAD
}

const char *celery_pq_load(void) {
    pthread_once(&once, load);
    return failure;
}

// The library would print them on standard error.
static void ignore(void *context, const char *message) { (void)context, (void)message; }

void *celery_pq_start(const char *const *keywords, const char *const *values) {
    void *connection = pq.PQconnectStartParams(keywords, values, 0);
    if (connection) pq.PQsetNoticeProcessor(connection, ignore, 0);
    return connection;
}

int celery_pq_poll(void *connection) { return pq.PQconnectPoll(connection); }
void celery_pq_finish(void *connection) { pq.PQfinish(connection); }
int celery_pq_is_fine(const void *connection) { return pq.PQstatus(connection) == 0 /* CONNECTION_OK */; }
int celery_pq_socket(const void *connection) { return pq.PQsocket(connection); }
const char *celery_pq_message(const void *connection) { return pq.PQerrorMessage(connection); }
const char *celery_pq_parameter(const void *connection, const char *name) { return pq.PQparameterStatus(connection, name); }
int celery_pq_needs_password(const void *connection) { return pq.PQconnectionNeedsPassword(connection); }
int celery_pq_used_password(const void *connection) { return pq.PQconnectionUsedPassword(connection); }
int celery_pq_set_nonblocking(void *connection) { return pq.PQsetnonblocking(connection, 1) == 0; }

int celery_pq_send(
    void *connection, const char *sql, int count, const unsigned *types, const char *const *values, const int *lengths,
    const int *formats) {
    return pq.PQsendQueryParams(connection, sql, count, types, values, lengths, formats, 1 /* binary */);
}

int celery_pq_flush(void *connection) { return pq.PQflush(connection); }
int celery_pq_consume(void *connection) { return pq.PQconsumeInput(connection); }
int celery_pq_is_busy(void *connection) { return pq.PQisBusy(connection); }
void *celery_pq_result(void *connection) { return pq.PQgetResult(connection); }
void celery_pq_clear(void *result) { pq.PQclear(result); }
int celery_pq_status(const void *result) { return pq.PQresultStatus(result); }
const char *celery_pq_state(const void *result) { return pq.PQresultErrorField(result, 'C' /* PG_DIAG_SQLSTATE */); }
const char *celery_pq_reason(const void *result) { return pq.PQresultErrorField(result, 'M' /* PG_DIAG_MESSAGE_PRIMARY */); }
const char *celery_pq_changes(void *result) { return pq.PQcmdTuples(result); }
int celery_pq_rows(const void *result) { return pq.PQntuples(result); }
int celery_pq_columns(const void *result) { return pq.PQnfields(result); }
unsigned celery_pq_type(const void *result, int column) { return pq.PQftype(result, column); }

const char *celery_pq_value(const void *result, int row, int column, size_t *length) {
    *length = 0;
    if (pq.PQgetisnull(result, row, column)) return 0;
    *length = (size_t)pq.PQgetlength(result, row, column);
    return pq.PQgetvalue(result, row, column);
}

char *celery_pq_notice(void *connection) {
    struct notice *notice = pq.PQnotifies(connection);
    if (!notice) return 0;
    char *text = strdup(notice->text ? notice->text : "");
    pq.PQfreemem(notice);
    return text;
}

void celery_pq_free(char *text) { free(text); }
