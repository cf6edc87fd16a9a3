import Synchronization

/// A result that must come, and did not.
package struct CameTooLate: Error, CustomStringConvertible {
    package var description: String

    package init(_ what: String) { description = "\(what) did not happen in time" }
}

/// Runs `body`, and gives it up after a time that only a mistake can take.
///
/// Does not wait for a body that goes on in spite of its cancellation: that may be the mistake.
package func promptly<Value: Sendable>(
    _ what: String, within limit: Duration = .seconds(30), _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let race = Race<Value>()
    let work = Task {
        do { race.end(with: .success(try await body())) } catch { race.end(with: .failure(error)) }
    }
    let alarm = Task {
        try await Task.sleep(for: limit.onThisMachine)
        race.end(with: .failure(CameTooLate(what)))
    }
    defer {
        work.cancel()
        alarm.cancel()
    }
    return try await race.winner()
}

/// Of several that end, the first.
private final class Race<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, any Error>?
        var reader: CheckedContinuation<Value, any Error>?
    }

    private let state = Mutex(State())

    func end(with result: Result<Value, any Error>) {
        let reader = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            guard state.result == nil else { return nil }
            state.result = result
            return state.reader.take()
        }
        reader?.resume(with: result)
    }

    func winner() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state in
                if state.result == nil { state.reader = continuation }
                return state.result
            }
            if let result { continuation.resume(with: result) }
        }
    }
}
