import CeleryCore
import Worker

/// A beat beside a worker, in one process and one log: it begins when the worker has begun, and ends with it.
actor EmbeddedBeat {
    private let runner: BeatRunner
    private var running: Task<Void, any Error>?

    init(_ runner: BeatRunner) { self.runner = runner }

    /// Begins. When it fails, the worker is stopped too, and `stop` throws why.
    func start(beside worker: Worker, onReady: @escaping @Sendable () -> Void) {
        running = Task { [runner] in
            do {
                try await runner.run(onReady: onReady)
            } catch {
                await worker.stop(.warm)
                throw error
            }
        }
    }

    /// Ends it.
    ///
    /// - Throws: what it failed of.
    func stop() async throws {
        await runner.stop()
        try await running?.value
    }
}
