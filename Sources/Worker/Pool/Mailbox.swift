import Synchronization

/// Passes items from a thread to a Swift concurrency task, in batches.
package final class Mailbox<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var reader: CheckedContinuation<[Item], Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Adds items and wakes the reader. Never blocks.
    package func put(_ items: [Item]) {
        guard !items.isEmpty else { return }
        let reader = state.withLock { state -> CheckedContinuation<[Item], Never>? in
            guard let reader = state.reader.take() else {
                state.items += items
                return nil
            }
            return reader
        }
        reader?.resume(returning: items)
    }

    /// Takes all items; waits until there is at least one. Only one reader at a time.
    package func take() async -> [Item] {
        await withCheckedContinuation { continuation in
            let items = state.withLock { state -> [Item]? in
                guard !state.items.isEmpty else {
                    state.reader = continuation
                    return nil
                }
                defer { state.items = [] }
                return state.items
            }
            if let items { continuation.resume(returning: items) }
        }
    }

    /// Takes the items that are there; does not wait.
    package func takeNow() -> [Item] {
        state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }
}
