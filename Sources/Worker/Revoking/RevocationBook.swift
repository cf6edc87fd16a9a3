import CeleryCore

/// The revocations in force, shared by the parts of a worker.
final class RevocationBook {
    var revocations = Revocations()

    /// Whether a message is revoked.
    func covers(_ message: Message, now: Timestamp) -> Bool {
        !revocations.isEmpty && revocations.first(covering: message, now: now) != nil
    }
}
