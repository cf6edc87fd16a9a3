// zlib, bzip2 and liblzma, each loaded when it is first needed: few messages are compressed. Nothing of their headers
// is needed to build; what is called here is part of their binary interfaces and never changes.
#ifndef CELERY_CDECOMPRESSION_H
#define CELERY_CDECOMPRESSION_H
#include <stddef.h>
#include <stdint.h>

/// The outcome of a call.
enum celery_decompression {
    CELERY_DECOMPRESSED = 0,
    /// The result is larger than the room for it.
    CELERY_DECOMPRESSION_FULL = 1,
    CELERY_DECOMPRESSION_DAMAGED = 2,
    /// The library is not installed.
    CELERY_DECOMPRESSION_MISSING = 3,
};

/// Decompresses a whole zlib stream or gzip file; `written` counts the bytes of `output` that are filled.
///
/// The corresponding C function is `inflate`.
enum celery_decompression celery_zlib_decode(
    const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *written);

/// Decompresses a whole bzip2 stream.
///
/// The corresponding C function is `BZ2_bzDecompress`.
enum celery_decompression celery_bzip2_decode(
    const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *written);

/// Decompresses a whole .xz file. A file that asks for more than 100 MiB of memory counts as damaged; xz itself needs
/// a little less for its highest level.
///
/// The corresponding C function is `lzma_stream_buffer_decode`.
enum celery_decompression celery_lzma_decode(
    const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *written);

#endif
