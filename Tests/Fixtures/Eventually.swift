/// Waits until something that others are about to do is done.
///
/// - Returns: false after a time that only a mistake can take.
package func eventually(
    within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if deadline <= .now { return false }
        try await Task.sleep(for: .milliseconds(5))
    }
    return true
}

/// A result that must come, and did not.
package struct CameTooLate: Error, CustomStringConvertible {
    package var description: String

    package init(_ what: String) { description = "\(what) did not happen in time" }
}

/// Runs `body`, and gives it up after a time that only a mistake can take.
package func promptly<Value: Sendable>(
    _ what: String, within limit: Duration = .seconds(30), _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw CameTooLate(what)
        }
        defer { group.cancelAll() }
        return try await group.next()!
    }
}
