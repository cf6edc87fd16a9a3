import Celery

/// Runs by itself, every ten minutes: `celery-example beat` sends it, or a worker with `-B`.
struct Tidy: PeriodicTask {
    static let name = "example.tidy"
    static let runEvery = Duration.seconds(600)

    func run(_ context: TaskContext) async throws -> String { "tidied in attempt \(context.attempt)" }
}
