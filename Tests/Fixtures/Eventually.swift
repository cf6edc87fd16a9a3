import Processes

/// Waits until something that others are about to do is done.
///
/// - Returns: false after a time that only a mistake can take.
package func eventually(
    within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit.onThisMachine
    while try await !condition() {
        if deadline <= .now { return false }
        try await Task.sleep(for: .milliseconds(5))
    }
    return true
}

/// Waits until something that another process is about to do is done. Blocks.
///
/// - Returns: false after a time that only a mistake can take.
// Else a condition that does not wait would choose this one also where the other is possible, which blocks nobody.
@_disfavoredOverload
package func eventually(within limit: Duration = .seconds(30), _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(after: limit.onThisMachine)
    while try !condition() {
        if deadline.hasPassed { return false }
        Syscall.pause(.milliseconds(5))
    }
    return true
}
