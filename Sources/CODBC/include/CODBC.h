// unixODBC's driver manager, loaded when the first URL asks for Oracle, and through it whatever driver the URL names. Nothing of its
// headers is needed to build: its handles are opaque here, and the numbers in CODBC.c are part of the binary interface of ODBC 3 on
// machines of 64 bits.
//
// Texts go as UTF-16, which all drivers read in the same way, whatever the locale; statements are ASCII.
#ifndef CELERY_CODBC_H
#define CELERY_CODBC_H
#include <stddef.h>
#include <stdint.h>

/// Room for the reason of a failure, with its final zero.
enum { CELERY_ODBC_PROBLEM = 512 };

/// Why a call failed.
struct celery_odbc_failure {
    /// Five letters and digits of the SQL standard, and a zero: `42S02`. `HYT00` for a handle that cannot be had.
    char state[6];
    /// The database's own number of the error.
    int native;
    char reason[CELERY_ODBC_PROBLEM];
};

/// What a value of a statement is.
enum celery_odbc_kind { CELERY_ODBC_NULL, CELERY_ODBC_INTEGER, CELERY_ODBC_TEXT, CELERY_ODBC_BYTES };

/// A value of a statement. Its bytes must stay until the statement has run.
struct celery_odbc_value {
    enum celery_odbc_kind kind;
    /// UTF-16 in the order of this machine, or bytes.
    const void *_Nullable bytes;
    /// In bytes.
    size_t length;
    long long number;
};

/// Loads libodbc.so.2; the second time it only tells. Returns NULL when it is there, else the reason of dlerror(3). May be called from
/// any thread.
const char *_Nullable celery_odbc_load(void);

/// Connects: SQLDriverConnectW with a text of `count` units of UTF-16. Returns NULL after a failure.
void *_Nullable celery_odbc_connect(
    const uint16_t *_Nonnull text, size_t count, unsigned login_seconds, struct celery_odbc_failure *_Nonnull failure);
/// Rolls back what was not committed, disconnects (SQLDisconnect), and frees the connection.
void celery_odbc_close(void *_Nonnull connection);
/// Whether the driver knows that the connection was lost: SQLGetConnectAttr. It does not ask the server.
int celery_odbc_is_dead(void *_Nonnull connection);

/// Begins a transaction (`on` is 0), or has each statement stand for itself: SQLSetConnectAttr. Returns 0 after a failure.
int celery_odbc_autocommit(void *_Nonnull connection, int on, struct celery_odbc_failure *_Nonnull failure);
/// SQLEndTran: commits, or rolls back. Returns 0 after a failure.
int celery_odbc_end(void *_Nonnull connection, int commits, struct celery_odbc_failure *_Nonnull failure);

/// Runs a statement: SQLPrepare, SQLBindParameter and SQLExecute. Returns NULL after a failure; free what it returns.
void *_Nullable celery_odbc_run(
    void *_Nonnull connection, const char *_Nonnull sql, const struct celery_odbc_value *_Nullable values, size_t count,
    struct celery_odbc_failure *_Nonnull failure);
/// SQLRowCount: rows inserted, changed or deleted; negative if the driver does not tell.
long celery_odbc_changes(void *_Nonnull statement);
/// SQLNumResultCols; 0 for a statement without rows.
int celery_odbc_columns(void *_Nonnull statement);
/// SQLFetch: goes to the next row. Returns 1 for a row, 0 at the end, -1 after a failure.
int celery_odbc_next(void *_Nonnull statement, struct celery_odbc_failure *_Nonnull failure);
/// Whether a column, from 1, holds bytes rather than text: SQLDescribeCol.
int celery_odbc_is_binary(void *_Nonnull statement, int column);
/// Reads the next part of a value of the present row: SQLGetData. `count` is set to its bytes. Columns are read in order.
///
/// Returns 1 if there may be more, 0 at the end of the value, 2 for NULL, -1 after a failure.
int celery_odbc_read(
    void *_Nonnull statement, int column, int binary, void *_Nonnull buffer, size_t size, size_t *_Nonnull count,
    struct celery_odbc_failure *_Nonnull failure);
/// SQLFreeHandle.
void celery_odbc_free(void *_Nonnull statement);

#endif
