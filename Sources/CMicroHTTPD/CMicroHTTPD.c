#include "CMicroHTTPD.h"
#include "Request.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct celery_web_library celery_mhd;

static const char *problem = "not loaded";
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        problem = dlerror();
        return;
    }
    struct {
        void **function;
        const char *name;
    } wanted[] = {
        {(void **)&celery_mhd.start_daemon, "MHD_start_daemon"},
        {(void **)&celery_mhd.quiesce_daemon, "MHD_quiesce_daemon"},
        {(void **)&celery_mhd.stop_daemon, "MHD_stop_daemon"},
        {(void **)&celery_mhd.suspend_connection, "MHD_suspend_connection"},
        {(void **)&celery_mhd.resume_connection, "MHD_resume_connection"},
        {(void **)&celery_mhd.get_connection_values, "MHD_get_connection_values"},
        {(void **)&celery_mhd.lookup_connection_value, "MHD_lookup_connection_value"},
        {(void **)&celery_mhd.get_connection_info, "MHD_get_connection_info"},
        {(void **)&celery_mhd.response_from_buffer, "MHD_create_response_from_buffer"},
        {(void **)&celery_mhd.response_from_callback, "MHD_create_response_from_callback"},
        {(void **)&celery_mhd.add_response_header, "MHD_add_response_header"},
        {(void **)&celery_mhd.queue_response, "MHD_queue_response"},
        {(void **)&celery_mhd.destroy_response, "MHD_destroy_response"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!(*wanted[i].function = dlsym(library, wanted[i].name))) {
            problem = dlerror();
            return;
        }
    problem = 0;
}

const char *celery_web_load(void) {
    pthread_once(&once, load);
    return problem;
}

// MHD_URICallback: begins a request, before anything else of it is known.
static void *begin(void *context, const char *target, void *connection) {
    struct server *server = context;
    struct request *request = calloc(1, sizeof *request);
    if (!request) return 0;
    request->target = strdup(target);
    if (!request->target) {
        free(request);
        return 0;
    }
    pthread_mutex_init(&request->lock, 0);
    request->references = 1;
    request->server = server;
    request->connection = connection;
    pthread_mutex_lock(&server->lock);
    request->next = server->requests;
    if (request->next) request->next->previous = request;
    server->requests = request;
    server->count++;
    pthread_mutex_unlock(&server->lock);
    return request;
}

// MHD_RequestCompletedCallback: the library is done with the request, whether it was answered or not.
static void finish(void *context, void *connection, void **kept, int code) {
    (void)connection;
    (void)code;
    struct server *server = context;
    struct request *request = *kept;
    if (!request) return;
    *kept = 0;
    pthread_mutex_lock(&request->lock);
    request->connection = 0;
    request->is_gone = 1;
    pthread_mutex_unlock(&request->lock);
    pthread_mutex_lock(&server->lock);
    if (request->previous) request->previous->next = request->next;
    else server->requests = request->next;
    if (request->next) request->next->previous = request->previous;
    server->count--;
    pthread_mutex_unlock(&server->lock);
    celery_web_release(request);
}

// MHD_NotifyConnectionCallback: who is at the other end is looked up once in the life of a connection.
static void follow(void *context, void *connection, void **socket_context, int code) {
    (void)context;
    (void)connection;
    if (code == 0 /* MHD_CONNECTION_NOTIFY_STARTED */) {
        *socket_context = calloc(1, sizeof(struct known_peer));
    } else {
        free(*socket_context);
        *socket_context = 0;
    }
}

// Takes a piece of the body. Returns MHD_NO for a client that goes on and on.
static int take(struct request *request, const char *bytes, size_t count) {
    size_t limit = request->server->body_limit;
    if (request->is_too_long || count > limit - request->body_count) {
        request->is_too_long = 1;
        request->dropped += count;
        return request->dropped <= 16 * limit;
    }
    unsigned char *grown = realloc(request->body, request->body_count + count);
    if (!grown) return 0;
    memcpy(grown + request->body_count, bytes, count);
    request->body = grown;
    request->body_count += count;
    return 1;
}

// MHD_AccessHandlerCallback: called when the headers are there, with each piece of the body, when all is there, and again after
// each time that the connection was resumed.
static int handle(
    void *context, void *connection, const char *url, const char *method, const char *version, const char *bytes, size_t *count,
    void **kept) {
    (void)url;
    (void)version;
    struct server *server = context;
    struct request *request = *kept;
    if (!request) return 0;
    pthread_mutex_lock(&request->lock);
    if (request->phase == READING) {
        if (!request->has_headers) {
            request->has_headers = 1;
            request->method = method;
            const char *length = celery_mhd.lookup_connection_value(connection, 1 /* MHD_HEADER_KIND */, "Content-Length");
            // Refused before it is read.
            if (length && strtoull(length, 0, 10) > server->body_limit) request->is_too_long = 1;
            if (!request->is_too_long) {
                pthread_mutex_unlock(&request->lock);
                return 1;
            }
        } else if (*count > 0) {
            int goes_on = take(request, bytes, *count);
            *count = 0;
            pthread_mutex_unlock(&request->lock);
            return goes_on;
        }
        request->phase = HANDLED;
        pthread_mutex_unlock(&request->lock);
        server->handler(server->context, request);
        pthread_mutex_lock(&request->lock);
    }
    int goes_on = 0;
    if (request->is_answered) {
        goes_on = celery_web_queue(request);
    } else if (!server->is_stopping) {
        request->phase = SUSPENDED;
        celery_mhd.suspend_connection(connection);
        goes_on = 1;
    }
    pthread_mutex_unlock(&request->lock);
    return goes_on;
}

void *celery_web_start(const struct celery_web_terms *terms) {
    struct server *server = calloc(1, sizeof *server);
    if (!server) return 0;
    pthread_mutex_init(&server->lock, 0);
    server->handler = terms->handler;
    server->context = terms->context;
    server->body_limit = terms->body;
    // MHD_USE_EPOLL, MHD_USE_INTERNAL_POLLING_THREAD, MHD_ALLOW_SUSPEND_RESUME with MHD_USE_ITC; MHD_USE_TLS.
    unsigned flags = 512 | 8 | 8192 | 1024 | (terms->certificate ? 2 : 0);
    struct option {
        int option;
        intptr_t value;
        void *pointer;
    } secrets[] = {
        {terms->certificate ? 8 /* MHD_OPTION_HTTPS_MEM_KEY */ : 0 /* MHD_OPTION_END */, 0, (void *)terms->key},
        {9 /* MHD_OPTION_HTTPS_MEM_CERT */, 0, (void *)terms->certificate},
        {0, 0, 0},
    };
    server->daemon = celery_mhd.start_daemon(
        flags, (uint16_t)0, 0, 0, handle, server,
        12 /* MHD_OPTION_LISTEN_SOCKET */, terms->socket,
        7 /* MHD_OPTION_URI_LOG_CALLBACK */, begin, server,
        4 /* MHD_OPTION_NOTIFY_COMPLETED */, finish, server,
        27 /* MHD_OPTION_NOTIFY_CONNECTION */, follow, server,
        2 /* MHD_OPTION_CONNECTION_LIMIT */, terms->connections,
        3 /* MHD_OPTION_CONNECTION_TIMEOUT */, terms->patience,
        1 /* MHD_OPTION_CONNECTION_MEMORY_LIMIT */, terms->memory,
        21 /* MHD_OPTION_CONNECTION_MEMORY_INCREMENT */, (size_t)1024,
        29 /* MHD_OPTION_STRICT_FOR_CLIENT */, 1,
        14 /* MHD_OPTION_THREAD_POOL_SIZE */, terms->threads > 1 ? terms->threads : 0u,
        15 /* MHD_OPTION_ARRAY */, secrets, 0 /* MHD_OPTION_END */);
    if (!server->daemon) {
        pthread_mutex_destroy(&server->lock);
        free(server);
        return 0;
    }
    return server;
}

void celery_web_stop(void *handle) {
    struct server *server = handle;
    // From here on nothing is suspended any more: whoever is about to looks at this under the lock of its request.
    server->is_stopping = 1;
    celery_mhd.quiesce_daemon(server->daemon);
    // The locks of server and requests are never held together.
    pthread_mutex_lock(&server->lock);
    size_t count = 0;
    struct request **all = calloc(server->count + 1, sizeof *all);
    for (struct request *request = server->requests; all && request; request = request->next) {
        celery_web_keep(request);
        all[count++] = request;
    }
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_lock(&all[i]->lock);
        celery_web_wake(all[i]);
        pthread_mutex_unlock(&all[i]->lock);
        celery_web_release(all[i]);
    }
    free(all);
    celery_mhd.stop_daemon(server->daemon);
    // Answers that come too late still hold their requests, which do not use the server any more.
    pthread_mutex_destroy(&server->lock);
    free(server);
}
