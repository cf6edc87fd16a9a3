#include "CDecompression.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>

// bzlib.h, bz_stream
struct stream {
    const uint8_t *next_in;
    unsigned available_in;
    unsigned total_in_low, total_in_high;
    uint8_t *next_out;
    unsigned available_out;
    unsigned total_out_low, total_out_high;
    void *state;
    void *allocate, *release, *context;
};

static int (*begin)(struct stream *, int verbosity, int small);
static int (*run)(struct stream *);
static int (*end)(struct stream *);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libbz2.so.1.0", RTLD_LAZY | RTLD_LOCAL);
    // Where it is not Debian's it may lack the minor number.
    if (!library) library = dlopen("libbz2.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!library) return;
    begin = dlsym(library, "BZ2_bzDecompressInit");
    end = dlsym(library, "BZ2_bzDecompressEnd");
    run = dlsym(library, "BZ2_bzDecompress");
}

enum celery_decompression celery_bzip2_decode(
    const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *written) {
    pthread_once(&once, load);
    *written = 0;
    if (!begin || !run || !end) return CELERY_DECOMPRESSION_MISSING;
    if (count > UINT_MAX) return CELERY_DECOMPRESSION_FULL;
    struct stream stream = {
        .next_in = input, .available_in = (unsigned)count,
        .next_out = output, .available_out = room > UINT_MAX ? UINT_MAX : (unsigned)room,
    };
    if (begin(&stream, 0, 0) != 0) return CELERY_DECOMPRESSION_DAMAGED;
    // Answers: 4 BZ_STREAM_END; 0 BZ_OK when input or room ran out.
    int status = run(&stream);
    *written = (size_t)(stream.next_out - output);
    unsigned left = stream.available_out;
    end(&stream);
    if (status == 4) return CELERY_DECOMPRESSED;
    return status == 0 && left == 0 ? CELERY_DECOMPRESSION_FULL : CELERY_DECOMPRESSION_DAMAGED;
}
