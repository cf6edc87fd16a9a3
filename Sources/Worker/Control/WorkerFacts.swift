package import CeleryCore

/// Facts that a worker only reports and does not use itself.
package struct WorkerFacts: Sendable {
    /// Name and version of the program, e.g. `celery:1.0 (Swift)`.
    package var software = "celery"
    /// Settings by name that differ from their defaults, without passwords.
    package var settings: JSONObject = [:]
    /// All settings by name, without passwords.
    package var allSettings: JSONObject = [:]
    /// The broker, as Python's workers describe it in `stats`.
    package var broker: JSONObject = [:]
    /// The scheme of the broker's URL.
    package var transport = "memory"
    /// The URL of the result store, without its password.
    package var results = "disabled"
    /// The queues that the settings define, by name.
    package var queues: [String: QueueDefinition] = [:]

    package init() {}
}
