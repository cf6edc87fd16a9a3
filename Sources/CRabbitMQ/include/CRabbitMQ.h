// librabbitmq, loaded when the first amqp:// URL is used: linking it would make every
// command start twice as slowly, for it brings OpenSSL along.
#ifndef CELERY_CRABBITMQ_H
#define CELERY_CRABBITMQ_H

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>

// Every function that is used, once.
#define CELERY_AMQP_FUNCTIONS(each) \
    each(amqp_error_string2) \
    each(amqp_new_connection) \
    each(amqp_destroy_connection) \
    each(amqp_get_sockfd) \
    each(amqp_get_heartbeat) \
    each(amqp_get_frame_max) \
    each(amqp_get_server_properties) \
    each(amqp_set_handshake_timeout) \
    each(amqp_set_rpc_timeout) \
    each(amqp_tcp_socket_new) \
    each(amqp_ssl_socket_new) \
    each(amqp_ssl_socket_set_cacert) \
    each(amqp_ssl_socket_set_key) \
    each(amqp_ssl_socket_get_context) \
    each(amqp_ssl_socket_set_verify_peer) \
    each(amqp_ssl_socket_set_verify_hostname) \
    each(amqp_ssl_socket_set_ssl_versions) \
    each(amqp_socket_open_noblock) \
    each(amqp_channel_open) \
    each(amqp_channel_close) \
    each(amqp_tx_select) \
    each(amqp_tx_commit) \
    each(amqp_connection_close) \
    each(amqp_get_rpc_reply) \
    each(amqp_exchange_declare) \
    each(amqp_exchange_bind) \
    each(amqp_queue_declare) \
    each(amqp_queue_bind) \
    each(amqp_queue_purge) \
    each(amqp_queue_delete) \
    each(amqp_basic_qos) \
    each(amqp_basic_consume) \
    each(amqp_basic_cancel) \
    each(amqp_basic_get) \
    each(amqp_read_message) \
    each(amqp_destroy_message) \
    each(amqp_basic_publish) \
    each(amqp_basic_ack) \
    each(amqp_basic_reject) \
    each(amqp_send_method) \
    each(amqp_simple_wait_frame_noblock) \
    each(amqp_frames_enqueued) \
    each(amqp_data_in_buffer) \
    each(amqp_maybe_release_buffers)

/// Pointers to the functions of the library, under their own names.
struct celery_amqp {
#define CELERY_AMQP_FIELD(name) __typeof__(&name) _Nonnull name;
    CELERY_AMQP_FUNCTIONS(CELERY_AMQP_FIELD)
#undef CELERY_AMQP_FIELD
    // Variadic, so only `celery_amqp_login` calls it.
    void *_Nonnull login_with_properties;
    // OpenSSL's, for client contexts; NULL when it cannot be found.
    int (*_Nullable use_default_verify_paths)(void *_Nonnull context);
    // The same; they let a certificate be for an IP address, which librabbitmq does not know of.
    void *_Nullable (*_Nullable verification_of_context)(void *_Nonnull context);
    int (*_Nullable expect_address)(void *_Nonnull verification, const char *_Nonnull address);
};

/// Loads the library.
/// Returns NULL when it cannot, with the reason of dlerror(3) in `reason`.
const struct celery_amqp *_Nullable celery_amqp_load(const char *_Nullable *_Nonnull reason);

/// amqp_login_with_properties, with SASL PLAIN.
amqp_rpc_reply_t celery_amqp_login(
    const struct celery_amqp *_Nonnull library, amqp_connection_state_t _Nonnull state, const char *_Nonnull vhost,
    int channel_max, int frame_max, int heartbeat, const amqp_table_t *_Nonnull properties,
    const char *_Nonnull user, const char *_Nonnull password);

/// amqp_login_with_properties, with SASL EXTERNAL: the client certificate says who it is.
amqp_rpc_reply_t celery_amqp_login_external(
    const struct celery_amqp *_Nonnull library, amqp_connection_state_t _Nonnull state, const char *_Nonnull vhost,
    int channel_max, int frame_max, int heartbeat, const amqp_table_t *_Nonnull properties,
    const char *_Nonnull identity);

#endif
