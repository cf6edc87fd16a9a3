#include "CDecompression.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>

// zlib.h, z_stream
struct stream {
    const uint8_t *next_in;
    unsigned available_in;
    unsigned long total_in;
    uint8_t *next_out;
    unsigned available_out;
    unsigned long total_out;
    const char *message;
    void *state;
    void *allocate, *release, *context;
    int data_type;
    unsigned long adler, reserved;
};

static int (*begin)(struct stream *, int window_bits, const char *version, int stream_size);
static int (*run)(struct stream *, int flush);
static int (*end)(struct stream *);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libz.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!library) return;
    begin = dlsym(library, "inflateInit2_");
    end = dlsym(library, "inflateEnd");
    run = dlsym(library, "inflate");
}

enum celery_decompression celery_zlib_decode(
    const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *written) {
    pthread_once(&once, load);
    *written = 0;
    if (!begin || !run || !end) return CELERY_DECOMPRESSION_MISSING;
    if (count > UINT_MAX) return CELERY_DECOMPRESSION_FULL;
    struct stream stream = {
        .next_in = input, .available_in = (unsigned)count,
        .next_out = output, .available_out = room > UINT_MAX ? UINT_MAX : (unsigned)room,
    };
    // 15 is the largest window; 32 more asks zlib to recognise zlib and gzip by their headers. Of the version, the
    // first digit counts.
    if (begin(&stream, 15 + 32, "1", (int)sizeof stream) != 0) return CELERY_DECOMPRESSION_DAMAGED;
    // 4 is Z_FINISH. Answers: 1 Z_STREAM_END; 0 Z_OK or -5 Z_BUF_ERROR when input or room ran out.
    int status = run(&stream, 4);
    *written = (size_t)(stream.next_out - output);
    unsigned left = stream.available_out;
    end(&stream);
    if (status == 1) return CELERY_DECOMPRESSED;
    return (status == 0 || status == -5) && left == 0 ? CELERY_DECOMPRESSION_FULL : CELERY_DECOMPRESSION_DAMAGED;
}
