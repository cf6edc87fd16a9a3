// One durable transaction: opens a database in WAL mode, inserts a row of 700 bytes
// with synchronous=FULL, and closes it again.
//
//     transaction DATABASE

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *database;

static void check(int code, int wanted) {
    if (code == wanted) return;
    fprintf(stderr, "transaction: %s\n", sqlite3_errmsg(database));
    exit(1);
}

static void execute(const char *sql) { check(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK); }

int main(int count, char **words) {
    if (count != 2) {
        fputs("usage: transaction DATABASE\n", stderr);
        return 64;
    }
    char body[700];
    memset(body, 'x', sizeof body);
    sqlite3_stmt *insert;
    check(sqlite3_open(words[1], &database), SQLITE_OK);
    sqlite3_busy_timeout(database, 10000);
    execute("PRAGMA synchronous = FULL");
    check(sqlite3_prepare_v2(database, "INSERT INTO message (body) VALUES (?)", -1, &insert, NULL), SQLITE_OK);
    sqlite3_bind_blob(insert, 1, body, sizeof body, SQLITE_STATIC);
    // A statement alone is a transaction.
    check(sqlite3_step(insert), SQLITE_DONE);
    sqlite3_finalize(insert);
    check(sqlite3_close(database), SQLITE_OK);
    return 0;
}
