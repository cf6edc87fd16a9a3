// ZeroMQ, loaded when it is needed: nothing of it is needed to build.
//
// Contexts and sockets are the library's own pointers. A socket belongs to one thread. Where -1 is an error, errno has the
// system's number or one of the library's own (zmq_errno).
#ifndef CELERY_CZEROMQ_H
#define CELERY_CZEROMQ_H

#include <stddef.h>
#include <stdint.h>

// Loads the library. Returns why it cannot be used, or 0.
const char *celery_zmq_load(void);

// A context with one thread for the network; 0 for lack of memory. Ended with all its sockets closed: celery_zmq_end blocks
// until then.
void *celery_zmq_begin(int sockets);
void celery_zmq_end(void *context);

// The kinds of sockets that are used here.
enum { CELERY_ZMQ_PAIR = 0, CELERY_ZMQ_REP = 4, CELERY_ZMQ_DEALER = 5, CELERY_ZMQ_ROUTER = 6 };
// Options of sockets that are used here (zmq_setsockopt): numbers, if nothing else is said.
enum {
    CELERY_ZMQ_LINGER = 17,
    CELERY_ZMQ_RECONNECT_IVL = 18,
    CELERY_ZMQ_MAXMSGSIZE = 22,  // int64_t
    CELERY_ZMQ_SNDHWM = 23,
    CELERY_ZMQ_RCVHWM = 24,
    CELERY_ZMQ_LAST_ENDPOINT = 32,  // text
    CELERY_ZMQ_ROUTER_MANDATORY = 33,
    CELERY_ZMQ_TCP_KEEPALIVE = 34,
    CELERY_ZMQ_IPV6 = 42,
    CELERY_ZMQ_CURVE_SERVER = 47,
    CELERY_ZMQ_CURVE_PUBLICKEY = 48,  // 32 bytes
    CELERY_ZMQ_CURVE_SECRETKEY = 49,  // 32 bytes
    CELERY_ZMQ_CURVE_SERVERKEY = 50,  // 32 bytes
    CELERY_ZMQ_ZAP_DOMAIN = 55,  // text
    CELERY_ZMQ_HANDSHAKE_IVL = 66,
    CELERY_ZMQ_HEARTBEAT_IVL = 75,
    CELERY_ZMQ_HEARTBEAT_TIMEOUT = 77,
    CELERY_ZMQ_CONNECT_TIMEOUT = 79,
};
// Events of a connection (zmq_socket_monitor).
enum {
    CELERY_ZMQ_CLOSED = 0x80,
    CELERY_ZMQ_DISCONNECTED = 0x200,
    CELERY_ZMQ_HANDSHAKE_FAILED = 0x800,
    CELERY_ZMQ_HANDSHAKE_SUCCEEDED = 0x1000,
    CELERY_ZMQ_HANDSHAKE_FAILED_PROTOCOL = 0x2000,
    CELERY_ZMQ_HANDSHAKE_FAILED_AUTH = 0x4000,
};

void *celery_zmq_open(void *context, int kind);
void celery_zmq_close(void *socket);
int celery_zmq_set(void *socket, int option, const void *value, size_t size);
int celery_zmq_set_number(void *socket, int option, int value);
int celery_zmq_bind(void *socket, const char *address);
int celery_zmq_connect(void *socket, const char *address);
// Tells the events of a socket to the PAIR socket that connects to the address.
int celery_zmq_monitor(void *socket, const char *address, int events);

// Ends telling them. Must come before the PAIR socket is closed.
void celery_zmq_unmonitor(void *socket);
// Writes the address to which a socket was last bound, with a final zero.
int celery_zmq_address(void *socket, char *text, size_t size);

// Sends one part of a message, without waiting.
int celery_zmq_send(void *socket, const void *bytes, size_t size, int more);

// One part of a received message: zmq_msg_t.
struct celery_zmq_part {
    _Alignas(8) unsigned char opaque[64];
};
// Receives one part without waiting: 1 for a part, which must be closed, 0 if none has arrived, -1 for an error.
int celery_zmq_receive(void *socket, struct celery_zmq_part *part);
const void *celery_zmq_bytes(struct celery_zmq_part *part);
size_t celery_zmq_size(struct celery_zmq_part *part);
int celery_zmq_more(struct celery_zmq_part *part);
// What the gatekeeper called the sender; 0 if nobody asked one.
const char *celery_zmq_user(struct celery_zmq_part *part);
void celery_zmq_drop(struct celery_zmq_part *part);

// Waits until one of the sockets can be read, or the descriptor, or the time has passed (milliseconds; -1 for ever).
int celery_zmq_wait(void *const *sockets, int count, int descriptor, long milliseconds);

// Whether the library can encrypt.
int celery_zmq_has_curve(void);
// Makes a pair of keys: 40 letters of Z85 and a zero each.
int celery_zmq_keys(char *public_key, char *secret_key);
// The public key of a secret one; both 40 letters of Z85 and a zero.
int celery_zmq_public(char *public_key, const char *secret_key);

// The text of an error number, also of the library's own.
const char *celery_zmq_reason(int code);

#endif
