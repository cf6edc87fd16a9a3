#ifndef CELERY_CRABBITMQ_SHIM_H
#define CELERY_CRABBITMQ_SHIM_H
#include <amqp.h>
#include <amqp_tcp_socket.h>
#endif
