import Synchronization
import Testing

/// Lets only a few cases of a suite run at a time: each starts processes, and all of
/// them at once would keep a small machine from getting any of them done.
struct AFewAtOnce: SuiteTrait, TestTrait, TestScoping {
    private static let slots = Slots(4)

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await body() }
        await Self.slots.take()
        defer { Self.slots.leave() }
        try await body()
    }
}

extension Trait where Self == AFewAtOnce {
    static var aFewAtOnce: AFewAtOnce { AFewAtOnce() }
}

/// A few slots, taken in turn.
private final class Slots: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { continuation in
            let hasSlot = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if hasSlot { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
