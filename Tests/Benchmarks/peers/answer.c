// Answers every request with the same bytes by libmicrohttpd, as many threads as `celery web` has: the most that a server on this library
// can answer.
//
//     answer PORT THREADS HEADERS BODY
//
// HEADERS is a file with a line `Name: value` for each header, BODY the file of the body.

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct MHD_Response *response;

static enum MHD_Result answer(
    void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version, const char *data, size_t *size,
    void **state) {
    (void)context, (void)url, (void)method, (void)version, (void)data;
    if (!*state) {
        *state = response;
        return MHD_YES;
    }
    *size = 0;
    return MHD_queue_response(connection, 200, response);
}

static char *contents(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path), exit(1); }
    char *bytes = malloc(1 << 20);
    *size = fread(bytes, 1, (1 << 20) - 1, file);
    bytes[*size] = 0;
    fclose(file);
    return bytes;
}

int main(int count, char **words) {
    if (count != 5) return 64;
    size_t size, length;
    char *headers = contents(words[3], &length), *body = contents(words[4], &size);
    response = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_PERSISTENT);
    for (char *line = strtok(headers, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        char *value = strstr(line, ": ");
        if (!value) continue;
        *value = 0;
        MHD_add_response_header(response, line, value + 2);
    }
    unsigned threads = (unsigned)atoi(words[2]);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(words[1]), NULL, NULL, answer, NULL, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0u,
        MHD_OPTION_CONNECTION_LIMIT, 2000u, MHD_OPTION_END);
    if (!daemon) return 1;
    pause();
}
