import CeleryCore

/// The checks of a body that need only its labels: content type, encoding, compression.
enum BodyFormat {
    enum Compression: Sendable, Hashable { case zlib, bzip2, xz }

    /// Throws unless the body is JSON in UTF-8, compressed in a way we read or not at all.
    /// - Returns: how it is compressed.
    @discardableResult
    static func check(
        contentType: String?, contentEncoding: String?, compression: String?
    ) throws(MalformedMessage) -> Compression? {
        // Exactly this text, as in Python: a `charset` parameter makes it another type.
        guard contentType == "application/json" else { throw refusal(of: contentType) }
        switch contentEncoding {
        // JSON needs no decoding from `binary`, and ASCII is a part of UTF-8.
        case nil, "utf-8", "binary", "UTF-8", "utf8", "us-ascii", "ascii": break
        case let other?: throw MalformedMessage(.contentEncoding, "content encoding '\(other)' is not utf-8")
        }
        switch compression {
        case nil: return nil
        // Celery calls a zlib stream gzip.
        case "application/x-gzip", "gzip", "zlib": return .zlib
        case "application/x-bz2", "bzip2", "bzip": return .bzip2
        // What Python's lzma writes by default, and kombu calls lzma.
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
