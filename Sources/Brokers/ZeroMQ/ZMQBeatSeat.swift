import CeleryCore
import CeleryZMQ
import Synchronization

/// A beat whose state is at a `celery broker`, and which may become the leader there.
final class ZMQBeatSeat: BeatSeat {
    private let place: ZMQPlace
    private let beat: String
    private let identity: WorkerIdentity

    /// A seat that was left is not taken again.
    private let isClosed = Atomic<Bool>(false)

    let renewalInterval: Duration = .seconds(2)

    init(link: ZMQLink, beat: String, identity: WorkerIdentity) {
        (self.beat, self.identity) = (beat, identity)
        place = ZMQPlace(link: link, name: "seat-\(identity.id)")
    }

    func open() async throws {
        try await place.open { [beat, identity, link = place.link, name = place.name] in
            _ = try await link.ask(Verbs.takeSeat, Pair(beat, identity), at: name)
        }
    }

    func lead() async throws -> BeatState? {
        isClosed.load(ordering: .acquiring) ? nil : try await place.ask(Verbs.lead, Nothing())
    }

    /// Asked again after a lost connection: a message whose id the broker knows is skipped.
    func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) async throws -> Bool {
        guard !isClosed.load(ordering: .acquiring) else { return false }
        return try await place.ask(Verbs.sendDue, Triple(messages, records, commands))
    }

    func waitForChange(until deadline: ContinuousClock.Instant) async {
        let wait = min(max(.zero, ContinuousClock.now.duration(to: deadline)), WireBounds.waiting)
        do {
            _ = try await place.ask(Verbs.awaitSeat, wait)
        } catch {
            // `lead` reports the trouble.
            try? await Task.sleep(until: min(deadline, .now + .seconds(1)))
        }
    }

    func close() async {
        isClosed.store(true, ordering: .releasing)
        _ = try? await place.link.ask(Verbs.leaveSeat, Nothing(), at: place.name)
    }
}
