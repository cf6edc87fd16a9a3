import CeleryCore
import Client

/// Results that may have been sent to another client.
enum ResultsElsewhere {
    /// A hint for unknown tasks if results are sent to the submitting client; else `nil`.
    static func hint(_ known: [TaskStatus], _ client: Client) throws -> String? {
        guard known.contains(where: { $0.state == .pending && $0.location == nil && $0.result == nil }),
            try client.store is any ResultAnswering
        else { return nil }
        return
            "results by rpc:// are sent to the project that submitted the task: ask there, or use a common result store, "
            + "CELERY_RESULT_BACKEND = \"db+sqlite:///FILE\" on one machine, \"postgresql://HOST/DATABASE\" or \"amqp://\""
    }
}
