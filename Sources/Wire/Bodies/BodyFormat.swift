import CeleryCore

/// The checks of a body that need only its labels: content type, encoding, compression.
enum BodyFormat {
    enum Compression: Sendable, Hashable { case zlib, bzip2, xz }

    /// Checks that the body is JSON in UTF-8, uncompressed or in a supported compression.
    ///
    /// - Returns: The compression; `nil` when uncompressed.
    @discardableResult
    static func check(
        contentType: String?, contentEncoding: String?, compression: String?
    ) throws(MalformedMessage) -> Compression? {
        // Only this exact text, as in Python: a `charset` parameter makes a different type.
        guard contentType == "application/json" else { throw refusal(of: contentType) }
        switch contentEncoding {
        // `binary` JSON needs no decoding, and ASCII is a subset of UTF-8.
        case nil, "utf-8", "binary", "UTF-8", "utf8", "us-ascii", "ascii": break
        case let other?: throw MalformedMessage(.contentEncoding, "content encoding '\(other)' is not utf-8")
        }
        return try Self.compression(named: compression)
    }

    /// The compression with a name that kombu gives it; `nil` for none.
    static func compression(named name: String?) throws(MalformedMessage) -> Compression? {
        switch name {
        case nil: return nil
        // Celery's gzip is a zlib stream.
        case "application/x-gzip", "gzip", "zlib": return .zlib
        case "application/x-bz2", "bzip2", "bzip": return .bzip2
        // The default of Python's lzma module, called lzma by kombu.
        case "application/x-lzma", "lzma", "xz": return .xz
        case let other?:
            throw MalformedMessage(
                .compression, "compression '\(other)' is not supported; gzip, bzip2 and lzma are")
        }
    }

    static func check(_ body: MessageBody) throws(MalformedMessage) -> Compression? {
        try check(
            contentType: body.contentType, contentEncoding: body.contentEncoding, compression: body.compression)
    }

    private static func refusal(of contentType: String?) -> MalformedMessage {
        switch contentType {
        case nil, "":
            MalformedMessage(.contentType, "no content type; only application/json is accepted")
        case "application/x-python-serialize":
            MalformedMessage(.contentType, "content type is pickle, which is never read; send json")
        case let other?:
            MalformedMessage(.contentType, "content type '\(other)' is not application/json")
        }
    }
}
