import CeleryCore
import Worker

/// A beat beside a worker, with the same process and log. It starts after the worker and stops with it.
actor EmbeddedBeat {
    private let runner: BeatRunner
    private var running: Task<Void, any Error>?

    init(_ runner: BeatRunner) { self.runner = runner }

    /// Starts beat. If beat fails, the worker is stopped too, and `stop` throws the error.
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

    /// Stops beat.
    ///
    /// - Throws: the error that beat failed with.
    func stop() async throws {
        await runner.stop()
        try await running?.value
    }
}
