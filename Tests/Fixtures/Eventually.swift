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
