// Takes messages from a Redis list 64 at a time, holds each where kombu does, and settles them: prints the seconds.
//
//     redis PORT PASSWORD QUEUE COUNT RESULTS
//
// In two pipelines for each 64: RPOP; then HSET and ZADD of each, and HDEL, ZREM and, with RESULTS 1, SETEX and PUBLISH of each.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64 };

static int fd;
static char *out, *in;
static size_t out_count, out_size, in_first, in_count, in_size;
static long asked;

static void fail(const char *text) {
    fprintf(stderr, "redis: %s\n", text);
    exit(1);
}

static void put(const char *bytes, size_t count) {
    if (out_count + count > out_size && !(out = realloc(out, out_size = 2 * (out_count + count)))) fail("no memory");
    memcpy(out + out_count, bytes, count);
    out_count += count;
}

static void word(const char *bytes, size_t count) {
    char head[32];
    put(head, (size_t)sprintf(head, "$%zu\r\n", count));
    put(bytes, count);
    put("\r\n", 2);
}

// A command of so many words, each a pointer to text with its end.
static void command(int count, ...) {
    char head[32];
    put(head, (size_t)sprintf(head, "*%d\r\n", count));
    va_list words;
    va_start(words, count);
    while (count--) {
        const char *text = va_arg(words, const char *);
        word(text, strlen(text));
    }
    va_end(words);
    asked++;
}

static void flush(void) {
    for (size_t sent = 0; sent < out_count;) {
        ssize_t some = write(fd, out + sent, out_count - sent);
        if (some <= 0) fail("cannot write");
        sent += (size_t)some;
    }
    out_count = 0;
}

static void more(void) {
    if (in_first > 0) {
        memmove(in, in + in_first, in_count -= in_first);
        in_first = 0;
    }
    if (in_count + 65536 > in_size && !(in = realloc(in, in_size = 2 * (in_count + 65536)))) fail("no memory");
    ssize_t some = read(fd, in + in_count, in_size - in_count);
    if (some <= 0) fail("cannot read");
    in_count += (size_t)some;
}

// The kind of the next line; its number in `number`.
static char line(long *number) {
    for (size_t at = in_first;; at++) {
        while (at + 1 >= in_count) {
            size_t ahead = at - in_first;
            more();
            at = in_first + ahead;
        }
        if (in[at] != '\r' || in[at + 1] != '\n') continue;
        char kind = in[in_first];
        *number = strtol(in + in_first + 1, 0, 10);
        if (kind == '-') fail("the server refuses");
        in_first = at + 2;
        return kind;
    }
}

// A text of so many bytes; to be freed.
static char *text(long count) {
    while (in_count - in_first < (size_t)count + 2) more();
    char *found = malloc((size_t)count + 1);
    if (!found) fail("no memory");
    memcpy(found, in + in_first, (size_t)count);
    found[count] = 0;
    in_first += (size_t)count + 2;
    return found;
}

static void skip(void) {
    long number;
    char kind = line(&number);
    if (kind == '$' && number >= 0) free(text(number));
    if (kind == '*') for (; number > 0; number--) skip();
}

static void skip_all(void) {
    flush();
    for (; asked > 0; asked--) skip();
}

int main(int count, char **words) {
    if (count != 6) fail("usage: redis PORT PASSWORD QUEUE COUNT RESULTS");
    long total = atol(words[4]), stores = atol(words[5]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
    command(2, "AUTH", words[2]);
    skip_all();

    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (long done = 0; done < total;) {
        char most[16], *messages[BATCH];
        sprintf(most, "%d", BATCH);
        command(3, "RPOP", words[3], most);
        flush();
        asked = 0;
        long taken;
        if (line(&taken) != '*' || taken < 1) fail("the queue is empty");
        for (long at = 0; at < taken; at++) {
            long size;
            line(&size);
            messages[at] = text(size);
        }
        for (long at = 0; at < taken; at++) {
            char tag[32];
            sprintf(tag, "tag-%ld", done + at);
            command(4, "HSET", "unacked", tag, messages[at]);
            command(4, "ZADD", "unacked_index", "1750000000.5", tag);
            free(messages[at]);
        }
        for (long at = 0; at < taken; at++) {
            char tag[32], key[80];
            sprintf(tag, "tag-%ld", done + at);
            sprintf(key, "celery-task-meta-%08ld-0000-4000-8000-000000000000", done + at);
            static const char result[] =
                "{\"status\": \"SUCCESS\", \"result\": null, \"traceback\": null, \"children\": [], \"date_done\": \"2026-11-29T12:00:00.000000+00:00\"}";
            if (stores) {
                command(4, "SETEX", key, "86400", result);
                command(3, "PUBLISH", key, result);
            }
            command(3, "HDEL", "unacked", tag);
            command(3, "ZREM", "unacked_index", tag);
        }
        skip_all();
        done += taken;
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.6f\n", (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
    return 0;
}
