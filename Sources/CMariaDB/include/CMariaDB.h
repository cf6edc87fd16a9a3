// libmariadb, loaded when the first URL asks for MySQL or MariaDB; it serves both. Nothing of its headers is needed to build: its
// objects are opaque here, and the numbers in CMariaDB.c are part of its binary interface.
//
// Statements are sent as text with their values in them, so that no structure of the library's has to be known.
#ifndef CELERY_CMARIADB_H
#define CELERY_CMARIADB_H
#include <stddef.h>

/// How to connect. Texts that are NULL are left to the library; paths are of PEM files, or of a folder of such.
struct celery_maria_terms {
    const char *_Nullable host;
    const char *_Nullable user;
    const char *_Nullable password;
    const char *_Nullable database;
    const char *_Nullable socket;
    unsigned port;
    /// In seconds. The second is for how long the server may be silent while it owes an answer.
    unsigned connect_timeout;
    unsigned answer_timeout;
    const char *_Nullable authorities;
    const char *_Nullable authority_folder;
    const char *_Nullable certificate;
    const char *_Nullable key;
    const char *_Nullable cipher;
    /// Whether there must be TLS, and whether the certificate must be trusted and be for the host.
    int encrypts;
    int verifies;
};

/// Room for the reason of a failure, with its final zero.
enum { CELERY_MARIA_PROBLEM = 512 };

/// Loads the library; the second time it only tells. Returns NULL when it is there, else the reason of dlerror(3). May be called
/// from any thread.
const char *_Nullable celery_maria_load(void);

/// Connects: mysql_init, mysql_options and mysql_real_connect. Returns NULL after a failure, with mysql_errno in `code` and
/// mysql_error in `problem`.
void *_Nullable celery_maria_connect(const struct celery_maria_terms *_Nonnull terms, unsigned *_Nonnull code, char *_Nonnull problem);
/// mysql_close: ends the connection, and frees it.
void celery_maria_close(void *_Nonnull connection);
/// mysql_get_server_info: `10.11.6-MariaDB-0+deb12u1`, `8.0.36`.
const char *_Nonnull celery_maria_server(void *_Nonnull connection);

/// mysql_real_query. Returns 0, or mysql_errno.
unsigned celery_maria_query(void *_Nonnull connection, const void *_Nonnull sql, size_t length);
/// mysql_errno and mysql_error of the last call.
unsigned celery_maria_code(void *_Nonnull connection);
const char *_Nonnull celery_maria_message(void *_Nonnull connection);
/// mysql_affected_rows.
long long celery_maria_changes(void *_Nonnull connection);

/// mysql_store_result: all rows of the last query. NULL for a statement without rows, and after a failure.
void *_Nullable celery_maria_result(void *_Nonnull connection);
/// mysql_num_fields.
unsigned celery_maria_columns(void *_Nonnull result);
/// mysql_fetch_row: goes to the next row. Returns whether there is one.
int celery_maria_next(void *_Nonnull result, const char *_Nullable const *_Nullable *_Nonnull values, const unsigned long *_Nullable *_Nonnull lengths);
/// mysql_free_result.
void celery_maria_free(void *_Nonnull result);

#endif
