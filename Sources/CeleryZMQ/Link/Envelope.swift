/// A request as a client sends it, in one part.
package struct RequestEnvelope: Packed, Sendable, Equatable {
    /// Counts the requests of a client.
    package var number: UInt64
    /// The name of the verb; empty to cancel the waiting of an earlier request.
    package var verb: String
    /// What it belongs to: see `VerbScope`.
    package var place: String
    package var body: [UInt8]

    /// Letters of the longest name and place.
    private static let longest = 512

    package init(number: UInt64, verb: String, place: String, body: [UInt8]) {
        (self.number, self.verb, self.place, self.body) = (number, verb, place, body)
    }

    package func pack(into packer: inout Packer) {
        packer.add(number, verb, place)
        packer.add(plain: body)
    }

    package init(from unpacker: inout Unpacker) throws {
        (number, verb, place) = (try unpacker.next(), try unpacker.next(), try unpacker.next())
        guard verb.utf8.count <= Self.longest, place.utf8.count <= Self.longest else { throw UnpackError("a name is too long") }
        body = Array(try unpacker.plain(unpacker.left))
    }
}

/// The answer to a request.
package struct ReplyEnvelope: Packed, Sendable, Equatable {
    package var number: UInt64
    package var status: Status
    package var body: [UInt8]

    package enum Status: UInt8, Sendable, Hashable {
        /// The body is the answer.
        case done = 0
        /// The body is a `DriverError`.
        case failed = 1
        /// The server does not know the place of the request.
        case unknownPlace = 2
    }

    package init(number: UInt64, status: Status, body: [UInt8]) { (self.number, self.status, self.body) = (number, status, body) }

    package func pack(into packer: inout Packer) {
        number.pack(into: &packer)
        packer.add(byte: status.rawValue)
        packer.add(plain: body)
    }

    package init(from unpacker: inout Unpacker) throws {
        number = try unpacker.next()
        guard let status = Status(rawValue: try unpacker.byte()) else { throw UnpackError("an unknown status") }
        self.status = status
        body = Array(try unpacker.plain(unpacker.left))
    }
}

/// Bounds that both sides keep.
package enum WireBounds {
    /// Bytes of a message: more than any result or output of a task.
    package static let messageBytes = 64 << 20
    /// Requests that a client has under way; others wait at the client.
    package static let requests = 128
    /// The longest waiting of one request.
    package static let waiting: Duration = .seconds(30)
    /// How often each side shows that it lives, and how long the other waits for that.
    package static let heartbeat: Duration = .seconds(2)
    package static let patience: Duration = .seconds(6)
}
