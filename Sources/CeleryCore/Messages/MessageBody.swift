/// The encoded arguments of a message.
public struct MessageBody: Sendable, Equatable {
    public var bytes: [UInt8]
    /// `application/json`, or what the sender chose.
    public var contentType: String
    /// `utf-8`; `nil` when the sender did not set it.
    public var contentEncoding: String?
    /// The `compression` header, e.g. `application/x-gzip`; `nil` when uncompressed.
    public var compression: String?

    public init(
        bytes: [UInt8], contentType: String = "application/json", contentEncoding: String? = "utf-8",
        compression: String? = nil
    ) {
        self.bytes = bytes
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.compression = compression
    }
}
