import CeleryCore

/// The revocations in force, as everybody in a worker sees them.
final class RevocationBook {
    var revocations = Revocations()

    /// Whether a message is not to run.
    func covers(_ message: Message, now: Timestamp) -> Bool {
        !revocations.isEmpty && revocations.first(covering: message, now: now) != nil
    }
}
