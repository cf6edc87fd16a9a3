// A server that answers every request after a while, of as many at once as there are connections: one thread, epoll, and a queue of what is
// due, which is in order since all wait equally long.
//
//     patient PORT MILLISECONDS

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most = 4096, room = 8192 };

static struct { char text[room]; size_t size; } connections[most];
static struct { int socket; int64_t due; } waiting[most];
static size_t first, last;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

// The length of the first request in the buffer of a connection, or 0 while it is not whole.
static size_t whole(const char *text, size_t size) {
    const char *end = memmem(text, size, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t body = 0, head = (size_t)(end - text) + 4;
    for (const char *line = text; line < end; line = (const char *)memchr(line, '\n', (size_t)(end + 2 - line)) + 1)
        if (!strncasecmp(line, "content-length:", 15)) body = strtoul(line + 15, NULL, 10);
    return size >= head + body ? head + body : 0;
}

int main(int count, char **words) {
    if (count != 3) return 64;
    int64_t delay = atoll(words[2]) * 1000000;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), queue = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("bind"), 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event);
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n42";
    for (;;) {
        int64_t left = first == last ? -1 : waiting[first % most].due - now();
        int ready = epoll_wait(queue, events, 256, first == last ? -1 : left <= 0 ? 0 : (int)(left / 1000000 + 1));
        for (int i = 0; i < ready; i++) {
            int socket = events[i].data.fd;
            if (socket == listener) {
                int fresh;
                while ((fresh = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    if (fresh >= most) { close(fresh); continue; }
                    setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    connections[fresh].size = 0;
                    struct epoll_event added = {.events = EPOLLIN, .data.fd = fresh};
                    epoll_ctl(queue, EPOLL_CTL_ADD, fresh, &added);
                }
                continue;
            }
            char *text = connections[socket].text;
            ssize_t got = read(socket, text + connections[socket].size, room - connections[socket].size);
            if (got <= 0) {
                if (got == 0 || errno != EAGAIN) close(socket);
                continue;
            }
            size_t size = connections[socket].size + (size_t)got, length;
            while ((length = whole(text, size))) {
                memmove(text, text + length, size - length);
                size -= length;
                waiting[last % most].socket = socket;
                waiting[last++ % most].due = now() + delay;
            }
            connections[socket].size = size;
        }
        for (int64_t time = now(); first != last && waiting[first % most].due <= time; first++)
            if (write(waiting[first % most].socket, reply, sizeof reply - 1) < 0 && errno != EPIPE && errno != EBADF) perror("write");
    }
}
