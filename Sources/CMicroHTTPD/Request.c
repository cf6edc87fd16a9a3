#include "Request.h"

#include <stdlib.h>
#include <string.h>

const char *celery_web_method(void *handle) { return ((struct request *)handle)->method; }
const char *celery_web_target(void *handle) { return ((struct request *)handle)->target; }
int celery_web_is_too_long(void *handle) { return ((struct request *)handle)->is_too_long; }

const unsigned char *celery_web_body(void *handle, size_t *count) {
    struct request *request = handle;
    *count = request->body_count;
    return request->body;
}

struct collected {
    struct celery_web_field *fields;
    size_t count;
};

// MHD_KeyValueIterator.
static int collect(void *context, int kind, const char *name, const char *value) {
    (void)kind;
    struct collected *collected = context;
    if (collected->count < CELERY_WEB_FIELDS)
        collected->fields[collected->count] = (struct celery_web_field){name, value ? value : ""};
    return ++collected->count <= CELERY_WEB_FIELDS;
}

size_t celery_web_fields(void *handle, struct celery_web_field *fields) {
    struct request *request = handle;
    struct collected collected = {fields, 0};
    celery_mhd.get_connection_values(request->connection, 1 /* MHD_HEADER_KIND */, collect, &collected);
    return collected.count;
}

void celery_web_keep(void *handle) { ((struct request *)handle)->references++; }

void celery_web_release(void *handle) {
    struct request *request = handle;
    if (--request->references > 0) return;
    pthread_mutex_destroy(&request->lock);
    free(request->target);
    free(request->body);
    free(request->fields);
    free(request->answer);
    free(request->pending);
    free(request);
}

void celery_web_wake(struct request *request) {
    int is_asleep = request->phase == SUSPENDED || request->waits;
    if (!is_asleep || !request->connection) return;
    request->phase = HANDLED;
    request->waits = 0;
    celery_mhd.resume_connection(request->connection);
}

// Copies status and header lines of an answer. Returns 0 when the request has one, or there is no memory.
static int set_answer(struct request *request, unsigned status, const struct celery_web_field *fields, size_t count) {
    if (request->is_answered || request->is_gone) return 0;
    size_t size = 1;
    for (size_t i = 0; i < count; i++) size += strlen(fields[i].name) + strlen(fields[i].value) + 2;
    char *copy = malloc(size), *end = copy;
    if (!copy) return 0;
    for (size_t i = 0; i < count; i++) {
        end = stpcpy(end, fields[i].name) + 1;
        end = stpcpy(end, fields[i].value) + 1;
    }
    request->fields = copy;
    request->field_count = count;
    request->status = status;
    return 1;
}

void celery_web_answer(
    void *handle, unsigned status, const struct celery_web_field *fields, size_t field_count, const void *body, size_t count) {
    struct request *request = handle;
    void *copy = malloc(count + 1);
    pthread_mutex_lock(&request->lock);
    if (copy && set_answer(request, status, fields, field_count)) {
        if (count > 0) memcpy(copy, body, count);
        request->answer = copy;
        request->answer_count = count;
        request->is_answered = 1;
        copy = 0;
        celery_web_wake(request);
    }
    pthread_mutex_unlock(&request->lock);
    free(copy);
}

void celery_web_begin_stream(void *handle, unsigned status, const struct celery_web_field *fields, size_t field_count) {
    struct request *request = handle;
    pthread_mutex_lock(&request->lock);
    if (set_answer(request, status, fields, field_count)) {
        request->is_stream = 1;
        request->is_answered = 1;
        celery_web_wake(request);
    }
    pthread_mutex_unlock(&request->lock);
}

// Makes room for so many bytes more. Returns 0 when there is none.
static int make_room(struct request *request, size_t count) {
    size_t waiting = request->pending_end - request->pending_start;
    if (count > CELERY_WEB_BACKLOG - waiting) return 0;
    if (request->pending_room - request->pending_end >= count) return 1;
    if (request->pending_start > 0) memmove(request->pending, request->pending + request->pending_start, waiting);
    request->pending_start = 0;
    request->pending_end = waiting;
    if (request->pending_room - waiting >= count) return 1;
    char *grown = realloc(request->pending, waiting + count);
    if (!grown) return 0;
    request->pending = grown;
    request->pending_room = waiting + count;
    return 1;
}

int celery_web_write(void *handle, const void *bytes, size_t count) {
    struct request *request = handle;
    pthread_mutex_lock(&request->lock);
    int is_taken = request->is_stream && !request->is_ended && !request->is_gone && make_room(request, count);
    if (is_taken) {
        memcpy(request->pending + request->pending_end, bytes, count);
        request->pending_end += count;
    } else {
        request->is_ended = 1;
    }
    if (request->waits) celery_web_wake(request);
    pthread_mutex_unlock(&request->lock);
    return is_taken;
}

void celery_web_end_stream(void *handle) {
    struct request *request = handle;
    pthread_mutex_lock(&request->lock);
    request->is_ended = 1;
    if (request->waits) celery_web_wake(request);
    pthread_mutex_unlock(&request->lock);
}

// MHD_ContentReaderCallback: the next bytes of a stream.
static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t most) {
    (void)position;
    struct request *request = context;
    pthread_mutex_lock(&request->lock);
    size_t waiting = request->pending_end - request->pending_start;
    ssize_t count = 0;
    if (waiting > 0) {
        count = (ssize_t)(waiting < most ? waiting : most);
        memcpy(buffer, request->pending + request->pending_start, (size_t)count);
        request->pending_start += (size_t)count;
        if (request->pending_start == request->pending_end) {
            // An idle stream keeps no memory.
            free(request->pending);
            request->pending = 0;
            request->pending_start = request->pending_end = request->pending_room = 0;
        }
    } else if (request->is_ended || request->server->is_stopping) {
        count = -1; /* MHD_CONTENT_READER_END_OF_STREAM */
    } else {
        request->waits = 1;
        celery_mhd.suspend_connection(request->connection);
    }
    pthread_mutex_unlock(&request->lock);
    return count;
}

// MHD_ContentReaderFreeCallback.
static void free_stream(void *context) { celery_web_release(context); }

int celery_web_queue(struct request *request) {
    if (request->is_queued) return 1;
    void *response;
    if (request->is_stream) {
        celery_web_keep(request);
        response = celery_mhd.response_from_callback(UINT64_MAX /* MHD_SIZE_UNKNOWN */, 1024, read_stream, request, free_stream);
        if (!response) celery_web_release(request);
    } else {
        response = celery_mhd.response_from_buffer(request->answer_count, request->answer, 2 /* MHD_RESPMEM_MUST_COPY */);
    }
    if (!response) return 0;
    const char *text = request->fields;
    for (size_t i = 0; i < request->field_count; i++) {
        const char *value = text + strlen(text) + 1;
        celery_mhd.add_response_header(response, text, value);
        text = value + strlen(value) + 1;
    }
    int is_queued = celery_mhd.queue_response(request->connection, request->status, response);
    celery_mhd.destroy_response(response);
    return is_queued;
}

struct outline {
    unsigned char *bytes;
    size_t room, count;
};

static void note(struct outline *outline, const void *bytes, size_t count) {
    if (outline->count + count <= outline->room) memcpy(outline->bytes + outline->count, bytes, count);
    outline->count += count;
}

// MHD_KeyValueIterator.
static int note_field(void *context, int kind, const char *name, const char *value) {
    (void)kind;
    note(context, name, strlen(name) + 1);
    if (value) note(context, value, strlen(value) + 1);
    else note(context, "", 1);
    return 1;
}

size_t celery_web_outline(void *handle, unsigned char *bytes, size_t room) {
    struct request *request = handle;
    if (request->body_count > 0 || request->is_too_long) return 0;
    struct outline outline = {bytes, room, 0};
    struct celery_web_peer peer;
    celery_web_find_peer(request, &peer);
    note(&outline, &peer, sizeof peer);
    note(&outline, request->method, strlen(request->method) + 1);
    note(&outline, request->target, strlen(request->target) + 1);
    celery_mhd.get_connection_values(request->connection, 1 /* MHD_HEADER_KIND */, note_field, &outline);
    return outline.count;
}

void *celery_web_prepare(const struct celery_web_field *fields, size_t field_count, const void *body, size_t count) {
    void *response = celery_mhd.response_from_buffer(count, (void *)body, 2 /* MHD_RESPMEM_MUST_COPY */);
    for (size_t i = 0; response && i < field_count; i++) celery_mhd.add_response_header(response, fields[i].name, fields[i].value);
    return response;
}

void celery_web_forget(void *prepared) { celery_mhd.destroy_response(prepared); }

int celery_web_repeat(void *handle, unsigned status, void *prepared) {
    struct request *request = handle;
    // Within the handler, where the library takes answers; it counts who uses this one.
    request->is_answered = request->is_queued = celery_mhd.queue_response(request->connection, status, prepared);
    return request->is_queued;
}
