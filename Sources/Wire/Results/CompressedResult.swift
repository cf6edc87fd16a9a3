import CeleryCore

/// Values that Python's Celery compresses in its result store (`result_compression`, since 5.7): NUL, `celery-compressed`, NUL, the
/// name of the compression, NUL, and the compressed document.
package enum CompressedResult {
    private static let mark = [0] + Array("celery-compressed".utf8) + [0]

    /// The document in a value; the value itself, if it is not compressed.
    ///
    /// - Parameter limit: Maximum size after decompression, in bytes.
    /// - Throws: `MalformedMessage`: `.compression`, `.damagedCompression`, `.tooLarge`.
    package static func document(
        in value: [UInt8], limit: Int = BodyCodec.defaultLimit
    ) throws(MalformedMessage) -> [UInt8] {
        guard value.starts(with: mark) else { return value }
        let rest = value[mark.count...]
        guard let end = rest.firstIndex(of: 0) else {
            throw MalformedMessage(.damagedCompression, "the compressed result does not name its compression")
        }
        let name = String(decoding: rest[..<end], as: UTF8.self)
        let bytes = Array(rest[(end + 1)...])
        guard let compression = try BodyFormat.compression(named: name) else { return bytes }
        return try Decompression.plainBytes(of: bytes, compression: compression, limit: limit)
    }

    /// The document in a value that a client of Memcached has compressed.
    ///
    /// - Throws: `MalformedMessage`: `.damagedCompression`, `.tooLarge`; `.compression` where zlib is not installed.
    package static func document(
        zlib value: [UInt8], limit: Int = BodyCodec.defaultLimit
    ) throws(MalformedMessage) -> [UInt8] {
        try Decompression.plainBytes(of: value, compression: .zlib, limit: limit)
    }
}
