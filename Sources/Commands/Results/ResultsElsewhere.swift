import CeleryCore
import Client

/// Results that may have come to somebody else.
enum ResultsElsewhere {
    /// What to do about tasks of which nothing is known, where results go to whoever submitted them; else `nil`.
    static func hint(_ known: [TaskStatus], _ client: Client) throws -> String? {
        guard known.contains(where: { $0.state == .pending && $0.location == nil && $0.result == nil }),
            try client.store is any ResultAnswering
        else { return nil }
        return
            "results by rpc:// come to the project that submitted the task: ask there, or have all keep results in one place, "
            + "CELERY_RESULT_BACKEND = \"db+sqlite:///FILE\" on one machine or \"amqp://\""
    }
}
