import CeleryCore

/// The results of one task for many inputs, in the order of the inputs unless asked for otherwise.
///
///     for try await square in client.dmap(Square.self, 1...1_000_000) {
///         print(square.index, try square.get())
///     }
///
/// Inputs are read, and messages sent, as work gets done and results are taken: a map of millions needs little memory here and
/// little room at the broker. Each iteration begins a map of its own; before, nothing is sent. Results are deleted from the
/// result store once they were taken, unless the map keeps them.
///
/// A task that fails is one failed result; the others go on. The sequence itself throws `DriverError` if the broker or the
/// result store cannot be used, and what the inputs throw. Then, and when the iterating Swift task is cancelled or leaves the
/// loop early, messages that no worker has begun are withdrawn; tasks that run go on, and nobody takes their results.
/// `Client.close` waits until the messages are withdrawn.
public struct TaskMap<Output: Sendable>: AsyncSequence, Sendable {
    public typealias Failure = any Error

    private let plan: MapPlan
    private let decode: @Sendable (JSON) throws -> Output

    init(_ plan: MapPlan, decode: @escaping @Sendable (JSON) throws -> Output) {
        self.plan = plan
        self.decode = decode
    }

    public func makeAsyncIterator() -> Iterator { Iterator(MapRun(plan), decode) }

    /// Waits for all results, and returns the values in the order of the inputs.
    ///
    /// - Throws: The error of the first result that is none, and withdraws the others; the errors of the sequence.
    public func join() async throws -> [Output] {
        var results: [MappedResult<Output>] = []
        for try await result in self {
            _ = try result.get()
            results.append(result)
        }
        if !plan.isOrdered { results.sort { $0.index < $1.index } }
        return try results.map { try $0.get() }
    }

    /// Takes the results of one iteration.
    public struct Iterator: AsyncIteratorProtocol {
        private let owner: Owner
        private let decode: @Sendable (JSON) throws -> Output

        init(_ run: MapRun, _ decode: @escaping @Sendable (JSON) throws -> Output) {
            owner = Owner(run)
            self.decode = decode
        }

        public mutating func next() async throws -> MappedResult<Output>? {
            let run = owner.run
            let item = try await withTaskCancellationHandler {
                try await run.next()
            } onCancel: {
                run.client.remaining.start { await run.stop() }
            }
            return item.map { MappedResult($0, decode) }
        }

        /// Ends the map when the last copy of its iterator is gone.
        private final class Owner: Sendable {
            let run: MapRun

            init(_ run: MapRun) { self.run = run }

            deinit { run.client.remaining.start { [run] in await run.stop() } }
        }
    }
}
