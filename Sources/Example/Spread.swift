import Celery

/// Has other workers do its parts, and adds up what they found.
struct Spread: CeleryTask {
    static let name = "example.spread"
    var parts: Int

    func run(_ context: TaskContext) async throws -> Int {
        let client = try Client.ofProject()
        var sum = 0
        for try await part in client.dmap(Add.self, (0..<parts).map { Add(x: $0, y: 1) }, inOrder: false) { sum += try part.get() }
        await client.close()
        return sum
    }
}
