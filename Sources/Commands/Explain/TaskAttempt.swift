import Beat
import CeleryCore
import Wire

/// What is known about one execution of a task.
struct TaskAttempt: Sendable, Equatable {
    /// Counts from 1.
    var number: Int
    var worker: String?
    var began: Timestamp?
    var ended: Timestamp?
    /// The final state; `nil` while the attempt runs, or if it was lost.
    var state: TaskState?
    /// The reason of a failure.
    var reason: String?

    /// The attempts according to events, or else the last attempt according to the result.
    static func history(_ facts: TaskFacts) -> [TaskAttempt] {
        var attempts = told(by: facts.events)
        if let location = facts.location, location.state == .started, attempts.count < location.attempt,
            facts.hold.map({ $0.place == "active" }) ?? true, !(facts.result?.state.isReady ?? false)
        {
            // No event of the running attempt is stored.
            let began = facts.hold?.began ?? location.started
            return attempts + [TaskAttempt(number: location.attempt, worker: location.worker, began: began)]
        }
        guard let result = facts.result, result.dateStarted != nil || result.worker != nil else { return attempts }
        guard result.state.isReady || result.state == .retry || result.state.isUnderway else { return attempts }
        // A task revoked before it began had no attempt.
        if result.state == .revoked, result.dateStarted == nil, attempts.last.map({ $0.began == nil }) ?? true { return attempts }
        var last = TaskAttempt(number: max(1, result.attempt), worker: result.worker, began: result.dateStarted)
        if result.state != .started {
            last.ended = result.dateDone
            last.state = result.state
            last.reason = result.failure.map(\.reason)
        }
        if let index = attempts.lastIndex(where: { $0.state == nil || $0.state == last.state }), index == attempts.count - 1 {
            // The store is reliable; events may be missing.
            last.began = last.began ?? attempts[index].began
            last.ended = last.ended ?? attempts[index].ended
            attempts[index] = last
        } else if attempts.isEmpty {
            attempts = [last]
        }
        return attempts
    }

    private static func told(by events: [Event]) -> [TaskAttempt] {
        var attempts: [TaskAttempt] = []
        for event in events {
            switch event.type {
            case "task-started":
                attempts.append(TaskAttempt(number: attempts.count + 1, worker: event.hostname, began: event.time))
            case "task-succeeded": end(.success, nil)
            case "task-failed": end(.failure, event.details["exception"]?.stringValue)
            case "task-retried": end(.retry, event.details["exception"]?.stringValue)
            case "task-revoked" where attempts.last.map { $0.state == nil } ?? false: end(.revoked, nil)
            default: break
            }
            func end(_ state: TaskState, _ reason: String?) {
                if attempts.last.map({ $0.state != nil }) ?? true {
                    attempts.append(TaskAttempt(number: attempts.count + 1, worker: event.hostname))
                }
                attempts[attempts.count - 1].ended = event.time
                attempts[attempts.count - 1].state = state
                attempts[attempts.count - 1].reason = reason
            }
        }
        return attempts
    }

    /// The attempt as text: `on w1@host, began TIME, took 3 s: FAILURE, reason`.
    var text: String {
        var words: [String] = []
        if let worker { words.append("on \(worker.forLog)") }
        if let began { words.append("began \(LocalTime.text(began))") }
        if let began, let ended { words.append("took \(DurationWords.fine((ended - began).inSeconds))") }
        let end = state.map { ": \($0.name)" } ?? ""
        return words.joined(separator: ", ") + end + (reason.map { ", \($0.forLog)" } ?? "")
    }

    var json: JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        func time(_ value: Timestamp?) -> JSON { value.map { .string(ISO8601.text($0)) } ?? .null }
        return [
            "attempt": .int(Int64(number)), "worker": text(worker), "began": time(began), "ended": time(ended),
            "state": text(state?.name), "reason": text(reason),
        ]
    }
}
