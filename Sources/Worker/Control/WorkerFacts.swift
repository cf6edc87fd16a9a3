package import CeleryCore

/// What a worker can say of itself, though it is not its business: whoever starts it knows.
package struct WorkerFacts: Sendable {
    /// Name and version of the program, e.g. `celery:1.0 (Swift)`.
    package var software = "celery"
    /// Settings by name that are not at their default, without passwords.
    package var settings: JSONObject = [:]
    /// All settings by name, without passwords.
    package var allSettings: JSONObject = [:]
    /// The broker, as Python's workers describe it in `stats`.
    package var broker: JSONObject = [:]
    /// Scheme of the broker.
    package var transport = "memory"
    /// Where results are, without its password.
    package var results = "disabled"
    /// Queues of which more is known than their name.
    package var queues: [String: QueueDefinition] = [:]

    package init() {}
}
