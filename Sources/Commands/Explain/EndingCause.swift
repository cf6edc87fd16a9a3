import CeleryCore

/// Why a task did not succeed.
enum EndingCause {
    static func causes(_ result: TaskResult?) -> [Explanation.Cause] {
        guard let result, let failure = result.failure, result.state.isReady else { return [] }
        return [cause(failure, result.state)]
    }

    static func cause(_ failure: TaskFailure, _ state: TaskState) -> Explanation.Cause {
        let message = failure.message.forLog
        if state == .revoked {
            return switch failure.message {
            case "expired": Explanation.Cause("expired", "it expired before it ran")
            case "terminated": Explanation.Cause("terminated", "it was revoked and terminated while it ran")
            case "revoked", "": Explanation.Cause("revoked", "it was revoked before it ran")
            default: Explanation.Cause("revoked", message)
            }
        }
        if let status = failure.programStatus {
            return Explanation.Cause(status < 0 ? "signal" : "exit_status", message)
        }
        if failure.isForMemory { return Explanation.Cause("memory", message) }
        switch failure.type {
        case "TimeLimitExceeded": return Explanation.Cause("time_limit", "killed at its time limit of \(message) s")
        case "SoftTimeLimitExceeded": return Explanation.Cause("time_limit", "stopped at its soft time limit of \(message) s")
        case "WorkerLostError": return Explanation.Cause("lost", "its process was lost: \(message)")
        case "NotRegistered": return Explanation.Cause("unregistered", "the worker that received it knows no task \(message)")
        default: return Explanation.Cause("error", message.isEmpty ? failure.type : "\(failure.type): \(message)")
        }
    }
}

/// Why a message was given up.
enum DeathCause {
    static func cause(_ letter: DeadLetter) -> Explanation.Cause {
        let burial = letter.burial
        let attempts = burial.attempts == 1 ? "1 attempt" : "\(burial.attempts) attempts"
        let why = switch burial.reason {
        case .signal(let number): "its process died of signal \(number)"
        case .outOfMemory: "it was killed because memory ran out"
        case .lost: "its process or worker was lost repeatedly"
        case .unregistered: "the worker that received it does not know the task"
        case .unreadable: "its message cannot be read"
        case .other(let name): name
        }
        let crashes = burial.crashes > 0 ? ", \(burial.crashes) of which lost their process" : ""
        return Explanation.Cause("dead", "\(why) (\(attempts)\(crashes))")
    }
}
