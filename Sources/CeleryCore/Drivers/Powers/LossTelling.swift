/// Listing workers that ended without saying so.
public protocol LossTelling: Broker {
    /// The workers lost within the last hour, newest first; of workers with one name only the last. A worker of that name may be
    /// running again.
    func lostWorkers() async throws -> LostWorkers
}

/// What a broker knows about lost workers.
public struct LostWorkers: Sendable, Equatable {
    public var workers: [LostWorker]
    /// Why lost workers may be missing, for display; `nil` when none is.
    public var gap: String?

    /// How long a lost worker is listed.
    public static let period: Duration = .seconds(3_600)

    /// Sorts the workers, and drops all but the last of each name.
    public init(_ workers: [LostWorker], gap: String? = nil) {
        var names: Set<String> = []
        self.workers = workers.sorted { $0.lost > $1.lost }.filter { names.insert($0.name).inserted }
        self.gap = gap
    }
}

/// A worker that ended without saying so.
public struct LostWorker: Sendable, Equatable {
    public var name: String
    public var pid: Int
    public var queues: [String]
    public var started: Timestamp
    /// When its loss was noticed; if nobody has noticed it yet, when the worker last gave a sign of life.
    public var lost: Timestamp

    public init(name: String, pid: Int, queues: [String], started: Timestamp, lost: Timestamp) {
        self.name = name
        self.pid = pid
        self.queues = queues
        self.started = started
        self.lost = lost
    }
}
