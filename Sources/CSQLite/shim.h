#include <sqlite3.h>

/* Swift cannot name the destructor SQLITE_TRANSIENT, a pointer made of -1, and SQLite takes
   a null pointer for NULL where an empty text or blob is meant. SQLite copies the bytes. */

static inline int celery_sqlite_bind_text(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, bytes ? (const char *)bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int celery_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, bytes ? bytes : "", count, SQLITE_TRANSIENT);
}

/* sqlite3_db_config is variadic, which Swift cannot call. A misspelt name in double quotes is
   an error then, and no longer a text. */
static inline void celery_sqlite_refuse_quoted_texts(sqlite3 *connection) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
}
