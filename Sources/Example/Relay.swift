import Celery

/// Submits another task, as any Swift program can that has a client of its project.
struct Relay: CeleryTask {
    static let name = "example.relay"
    var x: Int

    func run(_ context: TaskContext) async throws -> String {
        let client = try Client.ofProject()
        let sum = try await Add(x: x, y: 1).delay(using: client)
        await client.close()
        return sum.id.text
    }
}
