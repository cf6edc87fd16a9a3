// The least that SQLite must do to take messages and settle them with a result.
//
//     drain DATABASE RESULT-BYTES
//
// One durable transaction after the other: settles the 64 messages taken before (lease
// and message deleted, result stored under its unique id) and takes the next 64 (read
// whole, leased). Runs no tasks. The tables are those that insert.py makes.

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { batch = 64 };

static sqlite3 *database;

static void check(int code, int wanted) {
    if (code == wanted) return;
    fprintf(stderr, "drain: %s\n", sqlite3_errmsg(database));
    exit(1);
}

static void execute(const char *sql) { check(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK); }

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), SQLITE_OK);
    return statement;
}

static void run(sqlite3_stmt *statement) {
    check(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_reset(statement);
}

int main(int count, char **words) {
    if (count != 3) {
        fputs("usage: drain DATABASE RESULT-BYTES\n", stderr);
        return 64;
    }
    int size = atoi(words[2]);
    char *document = malloc(size + 1);
    memset(document, 'x', size);
    check(sqlite3_open(words[1], &database), SQLITE_OK);
    execute("PRAGMA synchronous = FULL");
    execute("CREATE TABLE lease (tag INTEGER PRIMARY KEY, worker INTEGER NOT NULL)");
    execute("CREATE TABLE result (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document BLOB NOT NULL)");
    sqlite3_stmt *first = prepare("SELECT * FROM message WHERE tag > ? ORDER BY tag LIMIT 64");
    sqlite3_stmt *lease = prepare("INSERT INTO lease (tag, worker) VALUES (?, 1)");
    sqlite3_stmt *end = prepare("DELETE FROM lease WHERE tag = ?");
    sqlite3_stmt *delete = prepare("DELETE FROM message WHERE tag = ?");
    sqlite3_stmt *store = prepare("INSERT INTO result (id, document) VALUES (?, ?)");

    static struct { sqlite3_int64 tag; char id[64]; } held[batch];
    int holds = 0;
    sqlite3_int64 last = 0;
    unsigned long long read = 0;
    do {
        execute("BEGIN IMMEDIATE");
        for (int i = 0; i < holds; i++) {
            sqlite3_bind_int64(end, 1, held[i].tag);
            run(end);
            sqlite3_bind_int64(delete, 1, held[i].tag);
            run(delete);
            sqlite3_bind_text(store, 1, held[i].id, -1, SQLITE_STATIC);
            sqlite3_bind_blob(store, 2, document, size, SQLITE_STATIC);
            run(store);
        }
        holds = 0;
        sqlite3_bind_int64(first, 1, last);
        while (holds < batch && sqlite3_step(first) == SQLITE_ROW) {
            held[holds].tag = last = sqlite3_column_int64(first, 0);
            snprintf(held[holds].id, sizeof held[holds].id, "%s", sqlite3_column_text(first, 1));
            for (int i = 2; i < sqlite3_column_count(first); i++) {
                const unsigned char *bytes = sqlite3_column_blob(first, i);
                if (bytes) read += bytes[0];
            }
            holds++;
        }
        sqlite3_reset(first);
        for (int i = 0; i < holds; i++) {
            sqlite3_bind_int64(lease, 1, held[i].tag);
            run(lease);
        }
        execute("COMMIT");
    } while (holds > 0);

    sqlite3_stmt *all[] = {first, lease, end, delete, store};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) sqlite3_finalize(all[i]);
    check(sqlite3_close(database), SQLITE_OK);
    free(document);
    // Used, so that reading cannot be left out.
    return read == 0;
}
