/// An answer that goes on: server-sent events.
package struct WebStream: Sendable {
    private let exchange: WebExchange

    init(_ exchange: WebExchange) { self.exchange = exchange }

    /// Sends bytes. Never blocks: what the client does not read at once waits in memory.
    ///
    /// - Returns: `false` if the client is gone or reads too slowly; then the stream has ended.
    package func write(_ bytes: [UInt8]) -> Bool { exchange.write(bytes) }

    /// Sends an event with one line of data, which has no line break.
    package func send(_ data: [UInt8]) -> Bool { write(Array("data: ".utf8) + data + Array("\n\n".utf8)) }

    /// Sends a comment: only so is it noticed that a client is gone.
    package func sendComment() -> Bool { write(Array(": \n\n".utf8)) }

    /// How often a stream sends at least a comment.
    package static let commentInterval: Duration = .seconds(15)
}
