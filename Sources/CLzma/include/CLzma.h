// liblzma, loaded when it is first needed: few messages are compressed by it. Nothing of its headers is needed
// to build; what is called is part of its binary interface (lzma/container.h) and never changes.
#ifndef CELERY_CLZMA_H
#define CELERY_CLZMA_H
#include <stddef.h>
#include <stdint.h>

/// What came of a call.
enum celery_lzma_outcome {
    CELERY_LZMA_DONE = 0,
    /// There is more than the output has room for.
    CELERY_LZMA_FULL = 1,
    CELERY_LZMA_DAMAGED = 2,
    /// The library is not there.
    CELERY_LZMA_MISSING = 3,
};

/// Decompresses a whole .xz file; `written` is how many bytes of `output` are filled.
///
/// The corresponding C function is `lzma_stream_buffer_decode`.
enum celery_lzma_outcome celery_lzma_decode(
    const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *written, uint64_t memory_limit);

#endif
