// libpq, loaded when the first URL asks for PostgreSQL. Nothing of its headers is needed to build: its objects are opaque here,
// and the numbers in this file are part of its binary interface, which has been the same since PostgreSQL 7.4.
#ifndef CELERY_CPOSTGRESQL_H
#define CELERY_CPOSTGRESQL_H
#include <stddef.h>

/// PostgresPollingStatusType: what a connection that is being made waits for.
enum {
    CELERY_PQ_POLL_FAILED = 0,
    CELERY_PQ_POLL_READING = 1,
    CELERY_PQ_POLL_WRITING = 2,
    CELERY_PQ_POLL_OK = 3,
};

/// ExecStatusType, those in use.
enum {
    CELERY_PQ_EMPTY_QUERY = 0,
    CELERY_PQ_COMMAND_OK = 1,
    CELERY_PQ_TUPLES_OK = 2,
};

/// Oid of types, those in use: those of pg_type.dat.
enum {
    CELERY_PQ_BOOL = 16,
    CELERY_PQ_BYTEA = 17,
    CELERY_PQ_TEXT = 25,
    CELERY_PQ_BYTEA_ARRAY = 1001,
    CELERY_PQ_TEXT_ARRAY = 1009,
    CELERY_PQ_INT8 = 20,
    CELERY_PQ_INT2 = 21,
    CELERY_PQ_INT4 = 23,
};

/// Loads the library; the second time it only tells. Returns NULL when it is there, else the reason of dlerror(3). May be called
/// from any thread.
const char *_Nullable celery_pq_load(void);

/// PQconnectStartParams, without expanding the name of the database. NULL when there is no memory. Lists end with NULL.
void *_Nullable celery_pq_start(
    const char *_Nullable const *_Nonnull keywords, const char *_Nullable const *_Nonnull values);
/// PQconnectPoll.
int celery_pq_poll(void *_Nonnull connection);
/// PQfinish: closes the connection, and frees it.
void celery_pq_finish(void *_Nonnull connection);
/// PQstatus: whether the connection is in order.
int celery_pq_is_fine(const void *_Nonnull connection);
/// PQsocket; -1 without one. It may change until the connection is made.
int celery_pq_socket(const void *_Nonnull connection);
/// PQerrorMessage: some lines.
const char *_Nonnull celery_pq_message(const void *_Nonnull connection);
/// PQparameterStatus.
const char *_Nullable celery_pq_parameter(const void *_Nonnull connection, const char *_Nonnull name);
/// PQconnectionNeedsPassword and PQconnectionUsedPassword: whether a password was asked for.
int celery_pq_needs_password(const void *_Nonnull connection);
int celery_pq_used_password(const void *_Nonnull connection);
/// PQsetnonblocking. Returns whether it is so.
int celery_pq_set_nonblocking(void *_Nonnull connection);

/// PQsendQueryParams with results in binary format. Returns whether it was accepted.
int celery_pq_send(
    void *_Nonnull connection, const char *_Nonnull sql, int count, const unsigned *_Nullable types,
    const char *_Nullable const *_Nullable values, const int *_Nullable lengths, const int *_Nullable formats);
/// PQflush: 0 when all is sent, 1 when there is more, -1 for a failure.
int celery_pq_flush(void *_Nonnull connection);
/// PQconsumeInput. Returns whether the connection is in order.
int celery_pq_consume(void *_Nonnull connection);
/// PQisBusy: whether the next result is still to come.
int celery_pq_is_busy(void *_Nonnull connection);
/// PQgetResult. NULL after the last.
void *_Nullable celery_pq_result(void *_Nonnull connection);
/// PQclear.
void celery_pq_clear(void *_Nonnull result);

/// PQresultStatus.
int celery_pq_status(const void *_Nonnull result);
/// PQresultErrorField: the five characters of the SQLSTATE; NULL for an error of the library's own.
const char *_Nullable celery_pq_state(const void *_Nonnull result);
/// PQresultErrorField: the reason in one line.
const char *_Nullable celery_pq_reason(const void *_Nonnull result);
/// PQcmdTuples: the number of rows as text, or "".
const char *_Nonnull celery_pq_changes(void *_Nonnull result);
/// PQntuples, PQnfields, PQftype.
int celery_pq_rows(const void *_Nonnull result);
int celery_pq_columns(const void *_Nonnull result);
unsigned celery_pq_type(const void *_Nonnull result, int column);
/// PQgetvalue and PQgetlength; NULL for NULL.
const char *_Nullable celery_pq_value(const void *_Nonnull result, int row, int column, size_t *_Nonnull length);

/// PQnotifies: takes the next notice that has come. Returns the text that came with it, to be freed by celery_pq_free; NULL when
/// there is none.
char *_Nullable celery_pq_notice(void *_Nonnull connection);
/// free(3).
void celery_pq_free(char *_Nonnull text);

#endif
