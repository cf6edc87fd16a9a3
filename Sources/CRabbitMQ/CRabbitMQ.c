#include "CRabbitMQ.h"

#include <dlfcn.h>
#include <stddef.h>

typedef amqp_rpc_reply_t (*login_function)(
    amqp_connection_state_t, char const *, int, int, int, const amqp_table_t *, amqp_sasl_method_enum, ...);

const struct celery_amqp *celery_amqp_load(const char **reason) {
    static struct celery_amqp library;
    // The name since version 0.8. RTLD_LAZY: RTLD_NOW would bind every function of OpenSSL too, which takes
    // longer than all else `celery apply` does. What is called here is looked up below.
    void *handle = dlopen("librabbitmq.so.4", RTLD_LAZY | RTLD_LOCAL);
    if (handle == NULL) {
        *reason = dlerror();
        return NULL;
    }
#define LOAD(name) \
    library.name = (__typeof__(library.name))dlsym(handle, #name); \
    if (library.name == NULL) { \
        *reason = dlerror(); \
        return NULL; \
    }
    CELERY_AMQP_FUNCTIONS(LOAD)
#undef LOAD
    library.login_with_properties = dlsym(handle, "amqp_login_with_properties");
    if (library.login_with_properties == NULL) {
        *reason = dlerror();
        return NULL;
    }
    // A handle finds the symbols of what its library depends on as well.
    library.use_default_verify_paths =
        (int (*)(void *))dlsym(handle, "SSL_CTX_set_default_verify_paths");
    library.verification_of_context = (void *(*)(void *))dlsym(handle, "SSL_CTX_get0_param");
    library.expect_address = (int (*)(void *, const char *))dlsym(handle, "X509_VERIFY_PARAM_set1_ip_asc");
    return &library;
}

amqp_rpc_reply_t celery_amqp_login(
    const struct celery_amqp *library, amqp_connection_state_t state, const char *vhost, int channel_max,
    int frame_max, int heartbeat, const amqp_table_t *properties, const char *user, const char *password) {
    return ((login_function)library->login_with_properties)(
        state, vhost, channel_max, frame_max, heartbeat, properties, AMQP_SASL_METHOD_PLAIN, user, password);
}

amqp_rpc_reply_t celery_amqp_login_external(
    const struct celery_amqp *library, amqp_connection_state_t state, const char *vhost, int channel_max,
    int frame_max, int heartbeat, const amqp_table_t *properties, const char *identity) {
    return ((login_function)library->login_with_properties)(
        state, vhost, channel_max, frame_max, heartbeat, properties, AMQP_SASL_METHOD_EXTERNAL, identity);
}
