// The scheduler. Of all beats of one name one leads (`BeatSeat`); round by round it
//
//     takes orders -> looks what came of earlier runs -> plans each entry -> sends and writes down
//
// `EntryPlan` decides what is due, without a clock and without I/O. What was sent and what was
// written down are one step where the broker can do that; and since the id of a run follows
// from its entry and due time, doing a step again sends nothing twice.

package import CeleryCore
package import Logging

/// Sends periodic tasks when they are due.
package actor Beat {
    let configuration: BeatConfiguration
    let broker: any Broker
    let keeping: any BeatKeeping
    let lookup: RunLookup
    let log: BeatLog
    let now: @Sendable () -> Timestamp

    var entries: [String: Entry] { didSet { roster = Roster(entries) } }
    var roster: Roster
    /// What is written down, as far as this one knows while it leads.
    var records: [String: EntryRecord] = [:]
    /// `nil` before the first look.
    var isLeading: Bool?
    var nextLookup: Timestamp
    /// Entries whose runs the broker refuses, and when they are tried again.
    var refusedUntil: [String: Timestamp] = [:]
    private var isStopping = false
    private var waiting: Task<Void, Never>?

    /// - Throws: `DriverError` when the broker cannot keep a schedule, or an entry wants what cannot be known.
    package init(
        configuration: BeatConfiguration, entries: [Entry], broker: any Broker, store: (any ResultStore)?, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws {
        guard let keeping = broker as? any BeatKeeping else { throw DriverError.lacks("keep a schedule for beat", broker.location) }
        self.configuration = configuration
        self.broker = broker
        self.keeping = keeping
        self.now = now
        lookup = RunLookup(broker: broker, store: store)
        log = BeatLog(logger: logger)
        let table = try Self.table(of: entries, for: broker)
        self.entries = table
        roster = Roster(table)
        nextLookup = now()
    }

    /// By name, each checked.
    private static func table(of entries: [Entry], for broker: any Broker) throws -> [String: Entry] {
        var table: [String: Entry] = [:]
        for entry in entries {
            if let earlier = table.updateValue(entry, forKey: entry.name) {
                throw DriverError(.configuration, "periodic task '\(entry.name)' stands twice: in \(earlier.source) and in \(entry.source)")
            }
            if let reason = entry.wish(thatFails: broker) {
                throw DriverError(.configuration, "periodic task '\(entry.name)' (\(entry.source)) \(reason)")
            }
        }
        return table
    }

    /// Works until it is stopped.
    ///
    /// - Parameter onReady: called once it has a seat, whether it leads or waits to take over.
    /// - Throws: `DriverError` when the broker cannot be used at the start, or what is written down cannot be read.
    package func run(onReady: @Sendable () async -> Void = {}) async throws {
        let seat = try await keeping.seat(in: configuration.name, as: configuration.identity)
        do {
            var pause = Duration.zero
            var isReady = false
            while !isStopping {
                do {
                    let wake = try await round(seat)
                    pause = .zero
                    if !isReady { await onReady() }
                    isReady = true
                    if configuration.isOnce { break }
                    await wait(seat, until: wake)
                } catch let error as DriverError where error.code == .unusable || !isReady {
                    // Going on would be to forget what was sent; and at the start somebody is there to read it.
                    throw error
                } catch {
                    log.trouble("beat cannot go on for now", error)
                    isLeading = nil
                    pause = min(max(pause * 2, .milliseconds(500)), .seconds(10))
                    await wait(seat, until: now() + pause)
                }
            }
        } catch {
            await seat.close()
            throw error
        }
        await seat.close()
    }

    /// Ends `run`; another beat takes over.
    package func stop() {
        isStopping = true
        waiting?.cancel()
    }

    /// Goes on with these entries; those that are as before keep their phase.
    ///
    /// - Throws: `DriverError`; then it goes on with those it has.
    package func replace(_ entries: [Entry]) throws {
        let table = try Self.table(of: entries, for: broker)
        guard table != self.entries else { return }
        self.entries = table
        refusedUntil = [:]
        log.reloaded(table.count)
        waiting?.cancel()
    }

    /// Sleeps, but never so long that a clock that was set, or a lost lead, goes unnoticed.
    private func wait(_ seat: any BeatSeat, until wake: Timestamp) async {
        guard !isStopping else { return }
        let longest = min(seat.renewalInterval, configuration.maxInterval)
        let length = min(max(wake - now(), .zero), longest)
        let waiting = Task { await seat.waitForChange(until: .now + length) }
        self.waiting = waiting
        await waiting.value
        self.waiting = nil
    }
}
