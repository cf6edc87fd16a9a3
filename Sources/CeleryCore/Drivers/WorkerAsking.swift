/// Asking workers, and giving them orders, by way of the broker.
public protocol WorkerAsking: Broker {
    /// Puts questions to workers and gathers what they answer.
    ///
    /// Returns when all that were to answer have, where that can be known: on a broker that knows its workers,
    /// and where they are named. Else, or when one is silent, it takes the whole time.
    ///
    /// - Parameter limit: how long to wait; a worker that comes to a question later does not answer it.
    /// - Throws: `DriverError` when the questions cannot be sent.
    func ask(_ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration) async throws -> WorkerAnswers

    /// Gives an order that is not answered; returns when the broker has it.
    func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws
}

/// The workers that a question is for.
public struct WorkerChoice: Sendable, Equatable {
    /// By their names; `nil` is all, and so is an empty list, as with Python's workers.
    public var names: [String]?
    /// Those whose names match; looked at only without `names`.
    public var pattern: String?
    /// What sort of pattern it is: `glob` or `pcre`.
    public var matcher: String?

    /// Every worker.
    public static let all = WorkerChoice()

    public init(names: [String]? = nil, pattern: String? = nil, matcher: String? = nil) {
        self.names = names
        self.pattern = pattern
        self.matcher = matcher
    }
}

/// What came back.
public struct WorkerAnswers: Sendable, Equatable {
    /// For each request, what each worker said to it, in the order in which that came.
    public var answers: [[Answer]]
    /// Workers that were asked by name, or are known to live, and did not answer everything. Sorted.
    public var silent: [String] = []

    public struct Answer: Sendable, Equatable {
        public var worker: String
        public var value: JSON

        public init(worker: String, value: JSON) {
            self.worker = worker
            self.value = value
        }
    }

    /// Room for the answers to so many requests.
    public init(count: Int) { answers = Array(repeating: [], count: count) }
}
