import CeleryCore
import CeleryZMQ
import Synchronization

/// What the server keeps for a client under a name: opened again when the server does not know it, because it was restarted or the
/// connection is another.
final class ZMQPlace: Sendable {
    let link: ZMQLink
    let name: String
    private let gate = Gate()
    /// Counts the openings.
    private let openings = Atomic<Int>(0)
    private let opening = Mutex<@Sendable () async throws -> Void>({})

    /// - Parameter name: Unique among the clients of the server.
    init(link: ZMQLink, name: String) { (self.link, self.name) = (link, name) }

    /// Opens the place, now and whenever the server does not know it.
    ///
    /// - Parameter open: Asks for it. Nothing is received (`receive`) meanwhile.
    func open(_ open: @escaping @Sendable () async throws -> Void) async throws {
        opening.withLock { $0 = open }
        try await reopen(after: openings.load(ordering: .acquiring))
    }

    private func reopen(after seen: Int) async throws {
        try await gate.pass { [self] in
            guard openings.load(ordering: .acquiring) == seen else { return }
            try await opening.withLock { $0 }()
            openings.add(1, ordering: .releasing)
        }
    }

    /// Asks for something of the place.
    func ask<Request, Reply>(_ verb: Verb<Request, Reply>, _ request: Request) async throws -> Reply {
        try await again { try await self.link.ask(verb, request, at: self.name) }
    }

    /// Asks for many things at once.
    func askInParts<Element, Reply>(_ verb: Verb<[Element], Reply>, _ elements: [Element]) async throws -> [Reply] {
        try await again { try await self.link.askInParts(verb, elements, at: self.name) }
    }

    /// Asks for something that is lost unless `note` has seen it before the place is opened again.
    func receive<Request, Reply>(_ verb: Verb<Request, Reply>, _ request: Request, _ note: @escaping @Sendable (Reply) -> Void) async throws {
        try await again {
            try await self.gate.pass { note(try await self.link.ask(verb, request, at: self.name)) }
        }
    }

    private func again<Reply>(_ body: () async throws -> Reply) async throws -> Reply {
        for _ in 0..<Self.attempts {
            let seen = openings.load(ordering: .acquiring)
            do {
                return try await body()
            } catch is ZMQLink.UnknownPlace {
                try await reopen(after: seen)
            }
        }
        throw DriverError(.unreachable, "broker \(link.location) keeps forgetting who we are")
    }

    /// More would mean that two clients have one name.
    private static let attempts = 4
}

/// Lets one pass at a time, in the order of their coming.
private actor Gate {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    nonisolated func pass(_ body: @Sendable () async throws -> Void) async throws {
        await enter()
        do {
            try await body()
        } catch {
            await leave()
            throw error
        }
        await leave()
    }

    private func enter() async {
        guard isTaken else { return isTaken = true }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
