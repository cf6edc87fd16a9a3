// The least that RabbitMQ's own C client needs for the same messages.
//
//     amqp publish URL TEMPLATE QUEUE COUNT WINDOW    copies of the first message of TEMPLATE
//     amqp drain URL QUEUE COUNT PREFETCH MULTIPLE    consumes and acknowledges MULTIPLE at a time
//     amqp watch URL QUEUE HIGH LOW                   while others drain it from HIGH to LOW
//     amqp count URL QUEUE                            messages that wait, and consumers
//     amqp purge URL QUEUE                            declares it (durable) when it is not there
//     amqp forget URL QUEUE                           deletes it
//
// publish and drain print their seconds, from the first message to the last confirm or
// acknowledgement; with WINDOW 0 nothing is confirmed, else at most so many are on the way.
// Copies differ in the last twelve digits of their ids. watch prints the seconds between.

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static amqp_connection_state_t connection;

static void fail(const char *what) {
    fprintf(stderr, "amqp: cannot %s\n", what);
    exit(1);
}

static void check(amqp_rpc_reply_t reply, const char *what) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void open_connection(const char *text) {
    struct amqp_connection_info info;
    char *copy = strdup(text);
    if (amqp_parse_url(copy, &info) != AMQP_STATUS_OK) fail("read the URL");
    connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, info.host, info.port) != AMQP_STATUS_OK) fail("connect");
    check(amqp_login(connection, info.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password), "log in");
    amqp_channel_open(connection, 1);
    check(amqp_get_rpc_reply(connection), "open a channel");
}

static amqp_queue_declare_ok_t *look(amqp_bytes_t queue) {
    amqp_queue_declare_ok_t *found = amqp_queue_declare(connection, 1, queue, 1, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(connection), "find the queue");
    return found;
}

// Which messages are confirmed: single confirms may overtake each other.
static struct {
    unsigned char *seen;
    uint64_t count, lowest;
} confirms;

static void confirm(uint64_t tag) {
    if (!confirms.seen[tag]) confirms.count++;
    confirms.seen[tag] = 1;
}

// Waits for confirms until at most `most` are missing; a broker that refuses ends the program.
static void await_confirms(uint64_t sent, uint64_t most) {
    while (sent - confirms.count > most) {
        amqp_frame_t frame;
        if (amqp_simple_wait_frame(connection, &frame) != AMQP_STATUS_OK) fail("read a confirm");
        if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("understand the broker");
        amqp_basic_ack_t *ack = frame.payload.method.decoded;
        confirm(ack->delivery_tag);
        if (ack->multiple) {
            while (confirms.lowest < ack->delivery_tag) confirm(++confirms.lowest);
        }
        amqp_maybe_release_buffers_on_channel(connection, 2);
    }
}

enum { most_ids = 3 };

// The places in a message where an id stands.
static int find_ids(amqp_basic_properties_t *properties, amqp_bytes_t *ids) {
    int count = 0;
    if (properties->_flags & AMQP_BASIC_CORRELATION_ID_FLAG) ids[count++] = properties->correlation_id;
    for (int i = 0; i < properties->headers.num_entries; i++) {
        amqp_table_entry_t *entry = &properties->headers.entries[i];
        int is_id = (entry->key.len == 2 && memcmp(entry->key.bytes, "id", 2) == 0)
            || (entry->key.len == 7 && memcmp(entry->key.bytes, "root_id", 7) == 0);
        if (is_id && entry->value.kind == AMQP_FIELD_KIND_UTF8 && count < most_ids) ids[count++] = entry->value.value.bytes;
    }
    return count;
}

static void publish(amqp_bytes_t template, amqp_bytes_t queue, uint64_t total, uint64_t window) {
    // Not acknowledged, so that it goes back when the connection ends.
    check(amqp_basic_get(connection, 1, template, 0), "get the template");
    amqp_message_t message;
    check(amqp_read_message(connection, 1, &message, 0), "read the template");
    amqp_channel_open(connection, 2);
    check(amqp_get_rpc_reply(connection), "open a channel");
    if (window > 0) {
        amqp_confirm_select(connection, 2);
        check(amqp_get_rpc_reply(connection), "select confirms");
    }
    amqp_bytes_t ids[most_ids];
    int count = find_ids(&message.properties, ids);
    confirms.seen = calloc(total + 1, 1);
    double began = now();
    for (uint64_t sent = 0; sent < total;) {
        char digits[17];
        snprintf(digits, sizeof digits, "%016llx", (unsigned long long)(sent + 1));
        for (int i = 0; i < count; i++) {
            if (ids[i].len >= 12) memcpy((char *)ids[i].bytes + ids[i].len - 12, digits + 4, 12);
        }
        if (amqp_basic_publish(connection, 2, amqp_empty_bytes, queue, 0, 0, &message.properties, message.body) != AMQP_STATUS_OK) {
            fail("publish");
        }
        sent++;
        if (window > 0 && sent - confirms.count >= window) await_confirms(sent, window / 2);
    }
    if (window > 0) await_confirms(total, 0);
    double took = now() - began;
    check(amqp_channel_close(connection, 2, AMQP_REPLY_SUCCESS), "close the channel");
    printf("%.6f\n", took);
}

static void drain(amqp_bytes_t queue, uint64_t total, int prefetch, uint64_t multiple) {
    amqp_basic_qos(connection, 1, 0, prefetch, 0);
    check(amqp_get_rpc_reply(connection), "set the prefetch");
    amqp_basic_consume(connection, 1, queue, amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(connection), "consume");
    double began = 0;
    for (uint64_t done = 0; done < total;) {
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(connection);
        check(amqp_consume_message(connection, &envelope, NULL, 0), "read a delivery");
        if (done == 0) began = now();
        done++;
        if (done % multiple == 0 || done == total) {
            if (amqp_basic_ack(connection, 1, envelope.delivery_tag, multiple > 1) != AMQP_STATUS_OK) fail("acknowledge");
        }
        amqp_destroy_envelope(&envelope);
    }
    // Acknowledgements have no answer; what comes after them on the channel has.
    check(amqp_channel_close(connection, 1, AMQP_REPLY_SUCCESS), "close the channel");
    printf("%.6f\n", now() - began);
}

static void watch(amqp_bytes_t queue, unsigned high, unsigned low) {
    double first = 0, changed = now();
    unsigned found, before = 0, at_first = 0;
    while ((found = look(queue)->message_count) > low) {
        amqp_maybe_release_buffers(connection);
        if (found != before) changed = now();
        if (now() > changed + 20) fail("see the end: nobody drains the queue");
        before = found;
        if (first == 0 && found <= high) {
            first = now();
            at_first = found;
        }
        usleep(2000);
    }
    if (first == 0) fail("see the beginning: the queue was drained at once");
    printf("%.6f %u\n", now() - first, at_first - found);
}

int main(int count, char **words) {
    if (count < 4) {
        fputs("usage: amqp publish|drain|watch|count|purge|forget URL QUEUE ...\n", stderr);
        return 64;
    }
    const char *verb = words[1];
    amqp_bytes_t queue = amqp_cstring_bytes(words[3]);
    open_connection(words[2]);
    if (strcmp(verb, "publish") == 0 && count == 7) {
        publish(queue, amqp_cstring_bytes(words[4]), strtoull(words[5], NULL, 10), strtoull(words[6], NULL, 10));
    } else if (strcmp(verb, "drain") == 0 && count == 7) {
        drain(queue, strtoull(words[4], NULL, 10), atoi(words[5]), strtoull(words[6], NULL, 10));
    } else if (strcmp(verb, "watch") == 0 && count == 6) {
        watch(queue, atoi(words[4]), atoi(words[5]));
    } else if (strcmp(verb, "count") == 0) {
        amqp_queue_declare_ok_t *found = look(queue);
        printf("%u %u\n", found->message_count, found->consumer_count);
    } else if (strcmp(verb, "purge") == 0) {
        amqp_queue_declare(connection, 1, queue, 0, 1, 0, 0, amqp_empty_table);
        check(amqp_get_rpc_reply(connection), "declare the queue");
        amqp_queue_purge(connection, 1, queue);
        check(amqp_get_rpc_reply(connection), "purge the queue");
    } else if (strcmp(verb, "forget") == 0) {
        amqp_queue_delete(connection, 1, queue, 0, 0);
        check(amqp_get_rpc_reply(connection), "delete the queue");
    } else {
        fprintf(stderr, "amqp: %s with %d words is unknown\n", verb, count - 2);
        return 64;
    }
    amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(connection);
    return 0;
}
