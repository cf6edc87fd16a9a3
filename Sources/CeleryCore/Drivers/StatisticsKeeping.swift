/// Keeping what became of tasks, of all workers, for as long as is of interest.
public protocol StatisticsKeeping: Broker {
    /// How often a worker hands over what it has counted: what is lost when it is killed.
    var statisticsInterval: Duration { get }

    /// Adds what a worker has counted since its last report.
    ///
    /// - Throws: `DriverError`; then the report is to be handed over again. A driver that may fail although the report was
    ///   added knows it again by its number, and adds it once.
    func add(_ report: StatisticsReport) async throws

    /// What was counted since the last reset, in periods that were not over at `since`.
    ///
    /// - Throws: `DriverError`.
    func statistics(since: Timestamp?) async throws -> StatisticsLedger

    /// Forgets what was handed over until now.
    func resetStatistics() async throws
}

/// What a worker has counted between two reports.
public struct StatisticsReport: Sendable, Equatable {
    /// Which worker it is: a new one each time a worker starts.
    public var worker: String
    /// Counts the reports of a worker, from 1.
    public var number: Int64
    public var ledger: StatisticsLedger

    public init(worker: String, number: Int64, ledger: StatisticsLedger) {
        self.worker = worker
        self.number = number
        self.ledger = ledger
    }
}
