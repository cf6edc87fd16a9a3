import CeleryCore

/// What metrics are made of, as broker and store tell it at one moment.
struct MetricsReading: Sendable {
    /// Counts of tasks over all workers since the statistics began; `nil` where none are kept.
    var ledger: StatisticsLedger?
    var queues: [QueueCount] = []
    /// Seconds since the oldest message that is due was submitted, by queue.
    var ages: [String: Double] = [:]
    var workers: [WorkerReport] = []
    /// Workers that ended without saying so, and are not running again.
    var lost: [String] = []
    var deadLetters: [DeadLetterCount: Int] = [:]
    /// Seconds by which the next run of each periodic task is late.
    var lateness: [String: Double] = [:]
    /// The queue that each task of the project goes to.
    var queuesOfTasks: [String: String] = [:]
    /// Of tasks that the project does not know.
    var defaultQueue = Route.defaultQueue
    /// Failures to read any of this since the program began.
    var errors = 0

    struct DeadLetterCount: Sendable, Hashable {
        var queue: String
        var reason: String
    }
}
