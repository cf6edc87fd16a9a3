#include "CDecompression.h"

#include <dlfcn.h>
#include <pthread.h>

// lzma/container.h
typedef int (*decode_function)(
    uint64_t *memory_limit, uint32_t flags, const void *allocator, const uint8_t *in, size_t *in_position, size_t in_size,
    uint8_t *out, size_t *out_position, size_t out_size);

static decode_function decode;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("liblzma.so.5", RTLD_LAZY | RTLD_LOCAL);
    if (library) decode = (decode_function)dlsym(library, "lzma_stream_buffer_decode");
}

enum celery_decompression celery_lzma_decode(
    const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *written) {
    pthread_once(&once, load);
    if (!decode) return CELERY_DECOMPRESSION_MISSING;
    uint64_t memory_limit = 100 << 20;
    size_t position = 0;
    *written = 0;
    // The values of lzma_ret: 0 LZMA_OK, 10 LZMA_BUF_ERROR.
    int status = decode(&memory_limit, 0, NULL, input, &position, count, output, written, room);
    if (status == 10) return CELERY_DECOMPRESSION_FULL;
    return status == 0 && position == count ? CELERY_DECOMPRESSED : CELERY_DECOMPRESSION_DAMAGED;
}
