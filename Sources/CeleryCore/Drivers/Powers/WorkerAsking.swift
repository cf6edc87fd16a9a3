/// Sending remote-control requests to workers by way of the broker.
public protocol WorkerAsking: Broker {
    /// Sends requests to workers and collects their answers.
    ///
    /// Returns when all expected answers have arrived, if those are known: on a broker that knows its workers, or when workers
    /// are named. Otherwise, or when a worker is silent, it takes the whole time limit.
    ///
    /// - Parameter limit: How long to wait; a worker that receives a request later does not answer it.
    /// - Throws: `DriverError` when the requests cannot be sent.
    func ask(_ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration) async throws -> WorkerAnswers

    /// Sends a request without waiting for answers; returns when the broker has it.
    func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws
}

/// The workers a request is for.
public struct WorkerChoice: Sendable, Equatable {
    /// Names; `nil` means all workers, and so does an empty list, as with Python's workers.
    public var names: [String]?
    /// Pattern for names; ignored when `names` is set.
    public var pattern: String?
    /// The kind of pattern: `glob` or `pcre`.
    public var matcher: String?

    /// Every worker.
    public static let all = WorkerChoice()

    public init(names: [String]? = nil, pattern: String? = nil, matcher: String? = nil) {
        self.names = names
        self.pattern = pattern
        self.matcher = matcher
    }
}

/// Collected answers.
public struct WorkerAnswers: Sendable, Equatable {
    /// For each request, the answers in order of arrival.
    public var answers: [[Answer]]
    /// Workers that were named, or are known to live, and did not answer every request. Sorted.
    public var silent: [String] = []

    public struct Answer: Sendable, Equatable {
        public var worker: String
        public var value: JSON

        public init(worker: String, value: JSON) {
            self.worker = worker
            self.value = value
        }
    }

    /// Empty lists for the answers to `count` requests.
    public init(count: Int) { answers = Array(repeating: [], count: count) }
}
