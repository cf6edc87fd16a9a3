import CeleryCore
import Tasks

extension ControlMethod {
    /// Other commands.
    static let commands = [
        // Applies to executions that begin later. Limits in a message take precedence.
        ControlMethod("time_limit") { shift, arguments in
            let arguments = ControlArguments("time_limit", arguments)
            let soft = try arguments.seconds("soft")
            let hard = try arguments.seconds("hard")
            let name = try arguments.optionalText("task_name") ?? ""
            let isKnown = shift.registry.setTimeLimits(
                of: name, soft: soft.map { .seconds($0.possibleSeconds) }, hard: hard.map { .seconds($0.possibleSeconds) })
            guard isKnown else { throw ControlError(description: "unknown task") }
            func text(_ limit: Double?) -> String { limit.map { "\($0)" } ?? "None" }
            shift.log.commanded("New time limits for tasks of type \(name.forLog): soft=\(text(soft)) hard=\(text(hard))")
            return ["ok": "time limits set successfully"]
        },
        // Python's workers elect a leader by gossip. This worker accepts the request and does not take part.
        ControlMethod("election") { _, arguments in
            let arguments = ControlArguments("election", arguments)
            for name in ["id", "topic"] where arguments[name] == nil { throw ControlError.missing(name, of: "election") }
            return .null
        },
        ControlMethod("shutdown") { shift, arguments in
            let text = try ControlArguments("shutdown", arguments).optionalText("msg") ?? "Got shutdown from remote"
            shift.log.commanded(text.forLog)
            shift.stop(.warm)
            return nil
        },
    ]
}
