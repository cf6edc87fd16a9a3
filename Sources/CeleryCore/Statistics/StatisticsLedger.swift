/// Task statistics by name and time.
public struct StatisticsLedger: Sendable, Equatable {
    public private(set) var tallies: [StatisticsPeriod: TaskTally] = [:]

    public init() {}

    public var isEmpty: Bool { tallies.isEmpty }

    /// Changes the tally of a period.
    public mutating func note(_ period: StatisticsPeriod, _ change: (inout TaskTally) -> Void) {
        change(&tallies[period, default: TaskTally()])
    }

    /// Adds a tally to a period.
    public mutating func add(_ tally: TaskTally, in period: StatisticsPeriod) { note(period) { $0.add(tally) } }

    /// Adds another ledger.
    public mutating func add(_ other: Self) {
        for (period, tally) in other.tallies { add(tally, in: period) }
    }

    /// Merges old periods into longer ones, and drops very old ones; see `StatisticsPeriod.folded`.
    package mutating func fold(now: Timestamp) {
        for (period, tally) in tallies {
            let folded = period.folded(now: now)
            guard folded != period else { continue }
            tallies[period] = nil
            if let folded { add(tally, in: folded) }
        }
    }

    /// Only the periods that had not ended at this time.
    public func since(_ time: Timestamp) -> Self {
        var later = Self()
        later.tallies = tallies.filter { Double($0.key.end) > time.seconds }
        return later
    }

    /// Only the tasks with these names.
    public func of(_ tasks: Set<String>) -> Self {
        var some = Self()
        some.tallies = tallies.filter { tasks.contains($0.key.task) }
        return some
    }

    /// The beginning of the first period, in seconds since 1970; `nil` when empty.
    public var start: Int? { tallies.keys.map(\.start).min() }

    /// Sums over all periods, by task.
    public var byTask: [String: TaskTally] {
        var sums: [String: TaskTally] = [:]
        for (period, tally) in tallies { sums[period.task, default: TaskTally()].add(tally) }
        return sums
    }
}

extension StatisticsLedger {
    /// The stored and transmitted form: a list of `[task, start, length, tally]`.
    package var json: JSON {
        .array(
            tallies.map { period, tally in
                [.string(period.task), .int(Int64(period.start)), .int(Int64(period.length)), tally.json]
            })
    }

    /// - Returns: `nil` if malformed.
    package init?(json: JSON) {
        guard let rows = json.arrayValue else { return nil }
        for row in rows {
            guard let fields = row.arrayValue, fields.count == 4, let task = fields[0].stringValue,
                let start = fields[1].intValue, Self.possibleStarts.contains(start),
                let length = fields[2].intValue, [60, 3_600, 86_400].contains(length), let tally = TaskTally(json: fields[3])
            else { return nil }
            add(tally, in: StatisticsPeriod(task: task, start: start, length: length))
        }
    }

    /// From 1970 to the end of 9999.
    private static let possibleStarts = 0...253_402_300_799
}
