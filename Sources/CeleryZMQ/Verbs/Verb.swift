/// What a client may do at `celery broker`. Each role includes the ones before it.
package enum BrokerRole: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Send tasks, and see what becomes of them.
    case submit
    /// Run tasks, send periodic ones, and keep statistics.
    case work
    /// Command workers, revoke, pause, purge, and handle dead letters.
    case admin

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// One row of the protocol: a request and its answer. Client and server use the same row; `Verbs` is the table.
package struct Verb<Request: Packed & Sendable, Reply: Packed & Sendable>: AnyVerb {
    package let name: String
    package let role: BrokerRole
    package let scope: VerbScope
    package let isRepeatable: Bool
    package let waits: Bool

    /// - Parameters:
    ///   - isRepeatable: Whether it does no harm to ask again, when it is unknown whether the server has heard it.
    ///   - waits: Whether it waits for something, so that a cancelled task ends it early. Others are done in any case: a worker that is
    ///     stopped still has to record what has run.
    init(_ name: String, _ role: BrokerRole, _ scope: VerbScope = .all, isRepeatable: Bool = true, waits: Bool = false) {
        (self.name, self.role, self.scope) = (name, role, scope)
        (self.isRepeatable, self.waits) = (isRepeatable, waits)
    }
}

/// A row without its types.
package protocol AnyVerb: Sendable {
    /// As it is sent.
    var name: String { get }
    /// Who may ask.
    var role: BrokerRole { get }
    var scope: VerbScope { get }
}

/// What a request belongs to. The server keeps the last three until they are closed or unused for long; the client opens them again at a
/// server that does not know them, because it has been restarted.
package enum VerbScope: Sendable, Hashable {
    /// Nothing but itself.
    case all
    /// A worker's subscription.
    case subscription
    /// A beat's seat.
    case seat
    /// A follower of events.
    case feed
}

/// The first request of a connection.
package struct Hello: Packed, Sendable, Equatable {
    /// The edition of the protocol: it changes with any `Packed` type or `Verb`.
    package static let protocolNumber = 1

    package var number = Hello.protocolNumber
    /// The role of a client, in the answer.
    package var role: BrokerRole?

    package init(role: BrokerRole? = nil) { self.role = role }

    package func pack(into packer: inout Packer) { packer.add(number, role?.rawValue) }

    package init(from unpacker: inout Unpacker) throws {
        number = try unpacker.next()
        role = (try unpacker.next() as String?).flatMap(BrokerRole.init)
    }
}
