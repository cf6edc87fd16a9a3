package import CeleryCore

/// A beat at a `MemoryBroker`.
package actor MemoryBeatSeat: BeatSeat {
    private let broker: MemoryBroker
    private let beat: String
    private let identity: WorkerIdentity
    private var isClosed = false
    /// The last sign of life of another leader, and when it was seen.
    private var seen: (leader: String, signs: Int, at: Timestamp)?
    /// Count of the broker's bell at the last look.
    private var rings: UInt64 = 0

    package let renewalInterval: Duration = .seconds(2)
    /// How long a silent leader stays leader.
    private static let leaseLength: Duration = .seconds(6)

    init(broker: MemoryBroker, beat: String, identity: WorkerIdentity) {
        self.broker = broker
        self.beat = beat
        self.identity = identity
    }

    package func lead() async throws -> BeatState? {
        guard !isClosed else { return nil }
        rings = broker.bell.count
        let now = await broker.timeNow()
        let known = seen
        let answer = await broker.lead(beat, as: identity) { leader, signs in
            guard let known, known.leader == leader, known.signs == signs else { return false }
            return now - known.at > Self.leaseLength
        }
        switch answer {
        case .leads(let state): return state
        case .another(let leader, let signs):
            if known?.leader != leader || known?.signs != signs { seen = (leader, signs, now) }
            return nil
        }
    }

    package func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) async throws -> Bool {
        await broker.send(messages, writing: records, settling: commands, in: beat, as: identity)
    }

    package func waitForChange(until deadline: ContinuousClock.Instant) async {
        await broker.bell.wait(since: rings, until: deadline)
    }

    package func close() async {
        isClosed = true
        await broker.leave(beat, as: identity)
    }
}
