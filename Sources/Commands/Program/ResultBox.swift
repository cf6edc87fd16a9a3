import Synchronization

/// Passes the result of concurrent code to the thread that waits for it.
final class ResultBox: Sendable {
    private let result = Mutex<Result<Int32, any Error>?>(nil)

    func put(_ value: Result<Int32, any Error>) { result.withLock { $0 = value } }

    /// Returns the result; call it after `put`.
    func take() -> Result<Int32, any Error> {
        result.withLock { $0 } ?? .failure(CommandError(ExitCode.ownBug, "the command ended without a status"))
    }
}
