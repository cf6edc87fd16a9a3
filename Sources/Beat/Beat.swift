// The scheduler. Among all beats of one name, one is the leader (`BeatSeat`). In each round it
//
//     takes commands -> looks up the outcomes of earlier runs -> plans each entry -> sends and writes records
//
// `EntryPlan` decides which runs are due, without a clock and without I/O. Sending the messages and writing the
// records is one transaction where the broker supports that. The id of a run follows from its entry and due time,
// so repeating a step sends no run twice.

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
    /// The stored records. Valid only while this beat leads.
    var records: [String: EntryRecord] = [:]
    /// `nil` until the leadership is known.
    var isLeading: Bool?
    var nextLookup: Timestamp
    /// The time of the next attempt, for each entry whose messages the broker refused.
    var refusedUntil: [String: Timestamp] = [:]
    /// The last refusal.
    var refusal: DriverError?
    /// Whether the last round has left due runs to the next.
    var hasMore = false
    private var isStopping = false
    private var waiting: Task<Void, Never>?

    /// - Parameter onAlarm: Told of alarms, besides the log; must not block.
    /// - Throws: `DriverError` when the broker cannot keep a schedule, two entries have the same name, or an entry depends on
    ///   outcomes that nobody records.
    package init(
        configuration: BeatConfiguration, entries: [Entry], broker: any Broker, store: (any ResultStore)?, logger: Logger,
        onAlarm: @escaping @Sendable (BeatAlarm) -> Void = { _ in }, now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws {
        guard let keeping = broker as? any BeatKeeping else { throw DriverError.lacks("keep a schedule for beat", broker.location) }
        self.configuration = configuration
        self.broker = broker
        self.keeping = keeping
        self.now = now
        lookup = RunLookup(broker: broker, store: store)
        log = BeatLog(logger: logger, onAlarm: onAlarm)
        let table = try Self.table(of: entries, for: broker)
        self.entries = table
        roster = Roster(table)
        nextLookup = now()
    }

    /// Checks the entries. Returns them by name.
    private static func table(of entries: [Entry], for broker: any Broker) throws -> [String: Entry] {
        var table: [String: Entry] = [:]
        for entry in entries {
            if let earlier = table.updateValue(entry, forKey: entry.name) {
                throw DriverError(.configuration, "periodic task '\(entry.name)' is defined twice: in \(earlier.source) and in \(entry.source)")
            }
            if let reason = entry.wish(thatFails: broker) {
                throw DriverError(.configuration, "periodic task '\(entry.name)' (\(entry.source)) \(reason)")
            }
        }
        return table
    }

    /// Sends periodic tasks until the beat is stopped.
    ///
    /// - Parameter onReady: Called after the first round, whether this beat leads or waits to take over.
    /// - Throws: `DriverError` when the broker cannot be used at the start, or the stored records cannot be read; with `isOnce`, also
    ///   when due runs could not be sent.
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
                    if configuration.isOnce {
                        if hasMore { continue }
                        if let refusal { throw refusal }
                        break
                    }
                    await wait(seat, until: wake)
                } catch let error as DriverError where error.code == .unusable || !isReady || configuration.isOnce {
                    // Without the stored records, beat could send runs twice. At the start, the user is there to read the error.
                    throw error
                } catch {
                    log.trouble("beat cannot continue for now", error)
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

    /// Ends `run`, so that another beat can take over.
    package func stop() {
        isStopping = true
        waiting?.cancel()
    }

    /// Replaces the entries. Unchanged entries keep their phase.
    ///
    /// - Throws: `DriverError`; then the previous entries stay in use.
    package func replace(_ entries: [Entry]) throws {
        let table = try Self.table(of: entries, for: broker)
        guard table != self.entries else { return }
        self.entries = table
        refusedUntil = [:]
        log.reloaded(table.count)
        waiting?.cancel()
    }

    /// Sleeps until the next round. The sleep is limited, so that beat notices a changed clock or a lost leadership.
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
