#include "CODBC.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef short outcome;
enum { SUCCESS = 0, SUCCESS_WITH_INFO = 1, NO_DATA = 100 };
enum { HANDLE_ENVIRONMENT = 1, HANDLE_CONNECTION = 2, HANDLE_STATEMENT = 3 };
enum { AUTOCOMMIT = 102, LOGIN_TIMEOUT = 103, ODBC_VERSION = 200 };
enum { C_CHAR16 = -8, C_BINARY = -2, C_BIGINT = -25 };
enum { VARCHAR = 12, LONGVARCHAR = -1, LONGVARBINARY = -4, VARBINARY = -3, BINARY = -2, BIGINT = -5 };
enum { NULL_DATA = -1, NO_TOTAL = -4 };

// The functions of the driver manager, once it is loaded.
static struct {
    outcome (*SQLAllocHandle)(short, void *, void **);
    outcome (*SQLFreeHandle)(short, void *);
    outcome (*SQLSetEnvAttr)(void *, int, void *, int);
    outcome (*SQLSetConnectAttr)(void *, int, void *, int);
    outcome (*SQLGetConnectAttr)(void *, int, void *, int, int *);
    outcome (*SQLDriverConnectW)(void *, void *, uint16_t *, short, uint16_t *, short, short *, unsigned short);
    outcome (*SQLDisconnect)(void *);
    outcome (*SQLPrepare)(void *, unsigned char *, int);
    outcome (*SQLBindParameter)(void *, unsigned short, short, short, short, unsigned long, short, void *, long, long *);
    outcome (*SQLExecute)(void *);
    outcome (*SQLRowCount)(void *, long *);
    outcome (*SQLNumResultCols)(void *, short *);
    outcome (*SQLDescribeCol)(void *, unsigned short, unsigned char *, short, short *, short *, unsigned long *, short *, short *);
    outcome (*SQLFetch)(void *);
    outcome (*SQLGetData)(void *, unsigned short, short, void *, long, long *);
    outcome (*SQLEndTran)(short, void *, short);
    outcome (*SQLGetDiagRec)(short, void *, short, unsigned char *, int *, unsigned char *, short, short *);
} odbc;

static const char *failure_to_load;
static void *environment;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int succeeded(outcome code) { return code == SUCCESS || code == SUCCESS_WITH_INFO; }

static void load(void) {
    static char reason[256];
    void *library = dlopen("libodbc.so.2", RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        snprintf(reason, sizeof reason, "%s", dlerror());
        failure_to_load = reason;
        return;
    }
#define LOAD(name) \
    if (!(odbc.name = (__typeof__(odbc.name))dlsym(library, #name))) { \
        snprintf(reason, sizeof reason, "%s", dlerror()); \
        failure_to_load = reason; \
        return; \
    }
    LOAD(SQLAllocHandle)
    LOAD(SQLFreeHandle)
    LOAD(SQLSetEnvAttr)
    LOAD(SQLSetConnectAttr)
    LOAD(SQLGetConnectAttr)
    LOAD(SQLDriverConnectW)
    LOAD(SQLDisconnect)
    LOAD(SQLPrepare)
    LOAD(SQLBindParameter)
    LOAD(SQLExecute)
    LOAD(SQLRowCount)
    LOAD(SQLNumResultCols)
    LOAD(SQLDescribeCol)
    LOAD(SQLFetch)
    LOAD(SQLGetData)
    LOAD(SQLEndTran)
    LOAD(SQLGetDiagRec)
#undef LOAD
    // One for all connections; it is never freed.
    if (!succeeded(odbc.SQLAllocHandle(HANDLE_ENVIRONMENT, 0, &environment)) ||
        !succeeded(odbc.SQLSetEnvAttr(environment, ODBC_VERSION, (void *)3 /* SQL_OV_ODBC3 */, 0)))
        failure_to_load = "it cannot be initialized";
}

const char *celery_odbc_load(void) {
    pthread_once(&once, load);
    return failure_to_load;
}

static void explain(short kind, void *handle, struct celery_odbc_failure *failure) {
    short length = 0;
    unsigned char state[6] = "HY000", reason[CELERY_ODBC_PROBLEM] = "";
    failure->native = 0;
    odbc.SQLGetDiagRec(kind, handle, 1, state, &failure->native, reason, sizeof reason, &length);
    memcpy(failure->state, state, sizeof failure->state);
    failure->state[5] = 0;
    memcpy(failure->reason, reason, sizeof failure->reason);
    failure->reason[sizeof failure->reason - 1] = 0;
}

static void no_handle(struct celery_odbc_failure *failure) {
    snprintf(failure->state, sizeof failure->state, "HY001");
    failure->native = 0;
    snprintf(failure->reason, sizeof failure->reason, "out of memory");
}

void *celery_odbc_connect(const uint16_t *text, size_t count, unsigned login_seconds, struct celery_odbc_failure *failure) {
    void *connection = 0;
    no_handle(failure);
    if (count > 8000 || !succeeded(odbc.SQLAllocHandle(HANDLE_CONNECTION, environment, &connection))) return 0;
    // Not every driver has one: the caller has a limit of its own.
    odbc.SQLSetConnectAttr(connection, LOGIN_TIMEOUT, (void *)(uintptr_t)login_seconds, 0);
    uint16_t complete[1024];
    short length = 0;
    outcome code = odbc.SQLDriverConnectW(
        connection, 0, (uint16_t *)text, (short)count, complete, sizeof complete / sizeof complete[0], &length, 0 /* SQL_DRIVER_NOPROMPT */);
    memset(complete, 0, sizeof complete);
    if (!succeeded(code)) {
        explain(HANDLE_CONNECTION, connection, failure);
        odbc.SQLFreeHandle(HANDLE_CONNECTION, connection);
        return 0;
    }
    return connection;
}

void celery_odbc_close(void *connection) {
    // Within a transaction a connection cannot be closed.
    odbc.SQLEndTran(HANDLE_CONNECTION, connection, 1 /* SQL_ROLLBACK */);
    odbc.SQLDisconnect(connection);
    odbc.SQLFreeHandle(HANDLE_CONNECTION, connection);
}

int celery_odbc_is_dead(void *connection) {
    unsigned dead = 0;
    return succeeded(odbc.SQLGetConnectAttr(connection, 1209 /* SQL_ATTR_CONNECTION_DEAD */, &dead, sizeof dead, 0)) && dead == 1;
}

int celery_odbc_autocommit(void *connection, int on, struct celery_odbc_failure *failure) {
    if (succeeded(odbc.SQLSetConnectAttr(connection, AUTOCOMMIT, (void *)(uintptr_t)(on ? 1 : 0), 0))) return 1;
    explain(HANDLE_CONNECTION, connection, failure);
    return 0;
}

int celery_odbc_end(void *connection, int commits, struct celery_odbc_failure *failure) {
    if (succeeded(odbc.SQLEndTran(HANDLE_CONNECTION, connection, commits ? 0 : 1))) return 1;
    explain(HANDLE_CONNECTION, connection, failure);
    return 0;
}

static outcome bind(void *statement, unsigned short number, const struct celery_odbc_value *value, long *indicator) {
    void *bytes = (void *)value->bytes;
    unsigned long size = value->length;
    *indicator = (long)value->length;
    switch (value->kind) {
    case CELERY_ODBC_INTEGER:
        *indicator = 0;
        return odbc.SQLBindParameter(statement, number, 1, C_BIGINT, BIGINT, 0, 0, (void *)&value->number, 0, indicator);
    case CELERY_ODBC_TEXT: {
        // The size counts letters. As a wide text it would be compared with every row of the table, not by the index.
        short type = size / 2 > 1000 ? LONGVARCHAR : VARCHAR;
        return odbc.SQLBindParameter(statement, number, 1, C_CHAR16, type, size < 2 ? 1 : size / 2, 0, bytes, (long)size, indicator);
    }
    case CELERY_ODBC_BYTES:
        return odbc.SQLBindParameter(statement, number, 1, C_BINARY, LONGVARBINARY, size ? size : 1, 0, bytes, (long)size, indicator);
    default:
        *indicator = NULL_DATA;
        return odbc.SQLBindParameter(statement, number, 1, C_CHAR16, VARCHAR, 1, 0, 0, 0, indicator);
    }
}

void *celery_odbc_run(
    void *connection, const char *sql, const struct celery_odbc_value *values, size_t count, struct celery_odbc_failure *failure) {
    void *statement = 0;
    no_handle(failure);
    if (!succeeded(odbc.SQLAllocHandle(HANDLE_STATEMENT, connection, &statement))) {
        explain(HANDLE_CONNECTION, connection, failure);
        return 0;
    }
    long *indicators = calloc(count + 1, sizeof *indicators);
    outcome code = indicators ? odbc.SQLPrepare(statement, (unsigned char *)sql, (int)strlen(sql)) : -1;
    for (size_t i = 0; i < count && succeeded(code); i++) code = bind(statement, (unsigned short)(i + 1), &values[i], &indicators[i]);
    if (succeeded(code)) code = odbc.SQLExecute(statement);
    // A statement that changes nothing may say that there is no data.
    if (!succeeded(code) && code != NO_DATA) {
        if (indicators) explain(HANDLE_STATEMENT, statement, failure);
        odbc.SQLFreeHandle(HANDLE_STATEMENT, statement);
        statement = 0;
    }
    free(indicators);
    return statement;
}

long celery_odbc_changes(void *statement) {
    long count = -1;
    return succeeded(odbc.SQLRowCount(statement, &count)) ? count : -1;
}

int celery_odbc_columns(void *statement) {
    short count = 0;
    return succeeded(odbc.SQLNumResultCols(statement, &count)) ? count : 0;
}

int celery_odbc_next(void *statement, struct celery_odbc_failure *failure) {
    outcome code = odbc.SQLFetch(statement);
    if (succeeded(code)) return 1;
    if (code == NO_DATA) return 0;
    explain(HANDLE_STATEMENT, statement, failure);
    return -1;
}

int celery_odbc_is_binary(void *statement, int column) {
    unsigned char name[128];
    short length = 0, type = 0, digits = 0, nullable = 0;
    unsigned long size = 0;
    odbc.SQLDescribeCol(statement, (unsigned short)column, name, sizeof name, &length, &type, &size, &digits, &nullable);
    return type == LONGVARBINARY || type == VARBINARY || type == BINARY;
}

int celery_odbc_read(
    void *statement, int column, int binary, void *buffer, size_t size, size_t *count, struct celery_odbc_failure *failure) {
    long indicator = 0;
    outcome code = odbc.SQLGetData(statement, (unsigned short)column, binary ? C_BINARY : C_CHAR16, buffer, (long)size, &indicator);
    *count = 0;
    if (code == NO_DATA) return 0;
    if (!succeeded(code)) {
        explain(HANDLE_STATEMENT, statement, failure);
        return -1;
    }
    if (indicator == NULL_DATA) return 2;
    // A text ends with a zero, for which there has to be room.
    size_t room = binary ? size : size - sizeof(uint16_t);
    int is_cut = indicator == NO_TOTAL || (size_t)indicator > room;
    *count = is_cut ? room : (size_t)indicator;
    return is_cut;
}

void celery_odbc_free(void *statement) { odbc.SQLFreeHandle(HANDLE_STATEMENT, statement); }
