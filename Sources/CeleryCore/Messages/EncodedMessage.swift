/// A message as bytes, for a database row or a pool child: the headers of protocol 2 as JSON, the properties if they are not
/// the usual ones, and the body as received.
package struct EncodedMessage: Sendable, Equatable {
    package var queue: String
    package var headers: [UInt8]
    package var properties: [UInt8]?
    package var body: [UInt8]

    package init(queue: String, headers: [UInt8], properties: [UInt8]?, body: [UInt8]) {
        self.queue = queue
        self.headers = headers
        self.properties = properties
        self.body = body
    }
}
