import Synchronization

/// Numbers that are given once in this process.
final class ZMQNumber: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
