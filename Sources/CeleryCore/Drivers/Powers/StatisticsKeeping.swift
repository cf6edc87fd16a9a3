/// Storing the statistics of all workers.
public protocol StatisticsKeeping: Broker {
    /// How often a worker reports; a killed worker loses at most this much.
    var statisticsInterval: Duration { get }

    /// Adds what a worker has counted since its last report.
    ///
    /// - Throws: `DriverError`; then the caller reports again. A driver whose call may fail after the report was added
    ///   recognizes the report by its number and adds it once.
    func add(_ report: StatisticsReport) async throws

    /// Counts since the last reset, in periods that had not ended at `since`.
    ///
    /// - Throws: `DriverError`.
    func statistics(since: Timestamp?) async throws -> StatisticsLedger

    /// Discards all reports so far.
    func resetStatistics() async throws
}

/// What a worker has counted between two reports.
public struct StatisticsReport: Sendable, Equatable {
    /// Identifies the worker; changes each time a worker starts.
    public var worker: String
    /// Number of the report, from 1.
    public var number: Int64
    public var ledger: StatisticsLedger

    public init(worker: String, number: Int64, ledger: StatisticsLedger) {
        self.worker = worker
        self.number = number
        self.ledger = ledger
    }
}
