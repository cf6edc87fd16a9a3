import CeleryCore

@testable import Beat

/// A broker and the one seat at it, with what is sent in plain sight.
final actor FakeSeat: BeatSeat, BeatKeeping {
    nonisolated let location = "fake://"
    nonisolated let renewalInterval: Duration = .seconds(2)

    var isLeader = true
    var state = BeatState()
    private(set) var sent: [Message] = []
    private(set) var writes = 0
    /// Errors of the next calls of `send`: before anything was done, or after.
    var failures: [Failure] = []

    enum Failure { case before, after }

    func lead() throws -> BeatState? { isLeader ? state : nil }

    func send(_ messages: [Message], writing records: [EntryRecord], settling commands: [Int64]) throws -> Bool {
        let failure = failures.isEmpty ? nil : failures.removeFirst()
        if failure == .before { throw DriverError(.unreachable, "cannot reach fake://: gone") }
        guard isLeader else { return false }
        if messages.contains(where: { $0.task == "refused" }) { throw DriverError(.refused, "queue 'x' is of another kind") }
        for message in messages where !sent.contains(where: { $0.id == message.id }) { sent.append(message) }
        for record in records { state.records[record.name] = record }
        state.commands.removeAll { commands.contains($0.number) }
        writes += 1
        if failure == .after { throw DriverError(.unreachable, "cannot reach fake://: gone") }
        return true
    }

    func waitForChange(until deadline: ContinuousClock.Instant) {}

    func seat(in beat: String, as identity: WorkerIdentity) -> any BeatSeat { self }
    func state(of beat: String) -> BeatState { state }
    func tell(_ command: LeaderCommand, in beat: String) { state.commands.append((Int64(state.commands.count + 1), command)) }
    func replace(_ record: EntryRecord) { state.records[record.name] = record }
    func set(isLeader: Bool) { self.isLeader = isLeader }
    func fail(_ failures: Failure...) { self.failures = failures }

    func publish(_ messages: [Message]) {}
    func consumer(of queues: [String], as worker: WorkerIdentity) throws -> any BrokerConsumer {
        throw DriverError.lacks("deliver", location)
    }
    func close() {}
}
