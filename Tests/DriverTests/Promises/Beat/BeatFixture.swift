import Brokers
import CeleryCore
import CeleryDB
import Fixtures
import SQLite
import Synchronization

/// What the promises to beat are proved on.
protocol BeatFixture: Sendable {
    init() throws

    /// What this driver can do for beat beyond the core.
    static var beatPowers: Set<BeatPower> { get }

    var clock: ManualClock { get }

    /// Opens a connection of its own to the place.
    func openForBeat() throws -> any BeatKeeping

    /// Ends a beat the way SIGKILL would: it lets go of nothing and says nothing.
    func kill(_ beat: TestBeat) async

    /// What is written down, as it stands there: of all entries, or of one.
    func text(of entry: String, in beat: String) async throws -> String

    /// Writes there what nobody can read.
    func spoil(_ entry: String, in beat: String) async throws
    func addUnreadableCommand(to beat: String) async throws
}

enum BeatPower: CaseIterable {
    /// A message is sent once, however often it is sent.
    case uniqueIDs
    /// Silence is measured by the clock of the test.
    case leases
    /// What is written down can be spoiled by others.
    case spoiling
}

/// A beat as the broker sees it.
struct TestBeat: Sendable {
    let identity: WorkerIdentity
    let broker: any BeatKeeping
    let seat: any BeatSeat
}

extension BeatFixture {
    func beat(_ name: String, in beat: String = "celery") async throws -> TestBeat {
        let identity = WorkerIdentity(id: TaskID().text, name: name, pid: 4711, process: "process of \(TaskID())")
        let broker = try openForBeat()
        return TestBeat(identity: identity, broker: broker, seat: try await broker.seat(in: beat, as: identity))
    }
}

extension TestBeat {
    /// Asks to lead until it does.
    func takeTheLead() async throws -> BeatState {
        try await promptly("\(identity.name) leads") {
            while true {
                if let state = try await seat.lead() { return state }
                await seat.waitForChange(until: .now + .milliseconds(50))
            }
        }
    }

    /// The orders, once there are so many.
    func commands(_ count: Int) async throws -> [(number: Int64, command: LeaderCommand)] {
        try await promptly("the arrival of \(count) commands") {
            while true {
                if let state = try await seat.lead(), state.commands.count >= count { return state.commands }
                await seat.waitForChange(until: .now + .milliseconds(50))
            }
        }
    }

    /// Whether what a beat sends that does not lead has no effect.
    func isFencedOff(_ messages: [Message], _ records: [EntryRecord]) async -> Bool {
        do { return try await !seat.send(messages, writing: records, settling: []) } catch { return error is DriverError }
    }
}

extension MemoryBrokerFixture: BeatFixture {
    static let beatPowers: Set<BeatPower> = [.uniqueIDs, .leases]

    func openForBeat() -> any BeatKeeping { memory }

    /// Nothing tells that it is dead but its silence since the others looked last.
    func kill(_ beat: TestBeat) { clock.advance(by: .seconds(7)) }

    func text(of entry: String, in beat: String) -> String { "" }
    func spoil(_ entry: String, in beat: String) {}
    func addUnreadableCommand(to beat: String) {}
}

extension SQLiteBrokerFixture: BeatFixture {
    static let beatPowers = Set(BeatPower.allCases)

    func openForBeat() throws -> any BeatKeeping { try open() }

    func kill(_ beat: TestBeat) { dead.withLock { _ = $0.insert(beat.identity.process) } }

    func text(of entry: String, in beat: String) async throws -> String {
        try await open().file.read { db in
            try String.fetchOne(db, sql: "SELECT record FROM beat_entry WHERE beat = ? AND name = ?", arguments: [beat, entry])
        } ?? ""
    }

    func spoil(_ entry: String, in beat: String) async throws {
        try await open().file.write { db in
            try db.execute(sql: "UPDATE beat_entry SET record = '{' WHERE beat = ? AND name = ?", arguments: [beat, entry])
        }
    }

    func addUnreadableCommand(to beat: String) async throws {
        try await open().file.write { try $0.execute(sql: "INSERT INTO beat_order (beat, body) VALUES (?, '{')", arguments: [beat]) }
    }
}
