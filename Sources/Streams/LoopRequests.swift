/// What a caller asks of a connection, and how it is told the end.
package struct LoopRequest<Work: Sendable, Answer: Sendable, Failure: Error>: Sendable {
    package var work: Work
    /// Number of the connection it belongs to; `nil` for any, which is made if there is none.
    package var generation: Int?
    package var deadline: ContinuousClock.Instant
    /// Called once, on the thread.
    package var end: @Sendable (Result<Answer, Failure>) -> Void

    package init(
        _ work: Work, on generation: Int?, within limit: Duration, end: @escaping @Sendable (Result<Answer, Failure>) -> Void
    ) {
        (self.work, self.generation, self.deadline, self.end) = (work, generation, ContinuousClock.now + limit, end)
    }
}

/// The requests on a connection that the server has not answered yet, by numbers.
package struct LoopRequests<Work: Sendable, Answer: Sendable, Failure: Error> {
    package typealias Request = LoopRequest<Work, Answer, Failure>

    private struct Entry {
        var request: Request
        var answer: Answer
        /// How many things that belong to the answer have not come.
        var missing = 0
    }

    private var entries: [Int: Entry] = [:]
    /// Apart from the entries: looked through at every turn of the loop.
    private var deadlines: [Int: ContinuousClock.Instant] = [:]
    private var last = 0

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var numbers: [Int] { Array(entries.keys) }
    /// When the first request will be late; `nil` without any.
    package var deadline: ContinuousClock.Instant? { deadlines.values.min() }

    /// The requests that should have been answered by now.
    package var late: [Int] {
        let now = ContinuousClock.now
        return deadlines.compactMap { $0.value <= now ? $0.key : nil }
    }

    /// Notes a request.
    ///
    /// - Parameter answer: What is known of its answer.
    /// - Returns: Its number.
    package mutating func add(_ request: Request, answer: Answer) -> Int {
        last += 1
        entries[last] = Entry(request: request, answer: answer)
        deadlines[last] = request.deadline
        return last
    }

    package subscript(number: Int) -> (work: Work, answer: Answer)? { entries[number].map { ($0.request.work, $0.answer) } }

    /// Notes that the answer needs one thing more.
    package mutating func expect(_ number: Int) { entries[number]?.missing += 1 }

    /// Notes that one thing has come, and ends the request if it was the last.
    ///
    /// - Parameter change: Adds it to the answer.
    package mutating func settle(_ number: Int, _ change: (inout Answer) -> Void = { _ in }) {
        guard entries[number] != nil else { return }
        entries[number]?.missing -= 1
        change(&entries[number]!.answer)
        finish(number)
    }

    /// Ends a request if nothing is missing.
    package mutating func finish(_ number: Int) {
        guard let entry = entries[number], entry.missing == 0 else { return }
        end(number, .success(entry.answer))
    }

    /// Ends a request.
    package mutating func end(_ number: Int, _ result: Result<Answer, Failure>) {
        deadlines[number] = nil
        entries.removeValue(forKey: number)?.request.end(result)
    }
}
