import Synchronization

/// Work that goes on after its caller has left it, such as withdrawing the messages of a map; `Client.close` waits for it.
final class RemainingWork: Sendable {
    private let tasks = Mutex<(next: Int, running: [Int: Task<Void, Never>])>((0, [:]))

    /// Starts work that nobody waits for.
    func start(_ body: @escaping @Sendable () async -> Void) {
        tasks.withLock { tasks in
            let number = tasks.next
            tasks.next += 1
            tasks.running[number] = Task {
                await body()
                self.tasks.withLock { $0.running[number] = nil }
            }
        }
    }

    /// Waits until all of it has ended.
    func end() async {
        while let task = tasks.withLock({ $0.running.values.first }) { await task.value }
    }
}
