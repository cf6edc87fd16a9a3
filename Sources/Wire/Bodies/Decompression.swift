import CDecompression

/// Reverses Celery's compressions, with an upper limit on the size of the result.
enum Decompression {
    /// Decompresses a whole stream into a buffer of the given size, and counts the bytes written.
    private typealias Decoder = (
        UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<Int>?
    ) -> celery_decompression

    /// Minimum size of the first buffer, in bytes.
    private static let smallest = 64 << 10

    /// Decompresses `bytes`.
    ///
    /// - Throws: `.damagedCompression`; `.tooLarge` beyond `limit` bytes; `.compression` where the library is not
    ///   installed.
    static func plainBytes(
        of bytes: [UInt8], compression: BodyFormat.Compression, limit: Int
    ) throws(MalformedMessage) -> [UInt8] {
        let (decoder, name, package): (Decoder, String, String) =
            switch compression {
            case .zlib: (celery_zlib_decode, "zlib", "zlib1g")
            case .bzip2: (celery_bzip2_decode, "bzip2", "libbz2-1.0")
            case .xz: (celery_lzma_decode, "lzma", "liblzma5")
            }
        var capacity = min(max(4 * bytes.count, smallest), limit)
        // Start again with a larger buffer when the result does not fit: this repeats at most a third of the work and yields one
        // contiguous result.
        while true {
            var outcome = CELERY_DECOMPRESSION_DAMAGED
            let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                outcome = decoder(bytes, bytes.count, buffer.baseAddress, capacity, &count)
            }
            switch outcome {
            case CELERY_DECOMPRESSED: return output
            case CELERY_DECOMPRESSION_FULL where capacity < limit: capacity = min(4 * capacity, limit)
            case CELERY_DECOMPRESSION_FULL:
                throw MalformedMessage(.tooLarge, "the body is larger than \(limit) bytes once decompressed")
            case CELERY_DECOMPRESSION_MISSING:
                throw MalformedMessage(.compression, "\(name) compression needs a library that is not installed (package \(package))")
            default: throw MalformedMessage(.damagedCompression, "the \(name) data of the body is damaged")
            }
        }
    }
}
