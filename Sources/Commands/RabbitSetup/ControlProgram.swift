import CeleryCore
import Glibc
import Processes

/// Administers a broker by running `rabbitmqctl`. Passwords and definitions are passed on standard input,
/// so that they do not appear in the process list.
struct ControlProgram: BrokerAdministration {
    /// The path of the program; for `shown`, its name suffices.
    let program: String
    let environment: Environment
    /// The time limit of a run, longer than any healthy broker needs.
    var patience = Duration.seconds(120)

    /// A run of the program.
    struct Run: Sendable, Hashable {
        var arguments: [String]
        var input: Input?

        enum Input: Sendable, Hashable {
            case secret(Secret)
            case text(String)
        }
    }

    /// The broker is assumed to be on this machine.
    var host: String { "localhost" }

    func survey(_ wish: SetupWish) throws -> BrokerSurvey {
        var survey = BrokerSurvey()
        let status = try read(["status", "--formatter", "json"])
        survey.listener = BrokerSurvey.listener(
            among: (status["listeners"]?.arrayValue ?? []).compactMap { listener in
                listener["port"]?.intValue.map { (listener["protocol"]?.stringValue ?? "", $0) }
            })
        if let user = try list("list_users").first(where: { $0["user"]?.stringValue == wish.user }) {
            survey.userTags = (user["tags"]?.arrayValue ?? []).compactMap(\.stringValue)
        }
        survey.hasVirtualHost = try list("list_vhosts").contains { $0["name"]?.stringValue == wish.vhost }
        guard survey.hasVirtualHost else { return survey }
        if let row = try list("list_permissions", of: wish.vhost).first(where: { $0["user"]?.stringValue == wish.user }) {
            survey.permissions = AccessPatterns(row)
        }
        try surveyObjects(of: wish.vhost, into: &survey)
        return survey
    }

    private func surveyObjects(of vhost: String, into survey: inout BrokerSurvey) throws {
        for row in try list("list_exchanges", of: vhost, ["name", "type", "durable", "auto_delete"]) {
            survey.exchanges[row["name"]?.stringValue ?? ""] = BrokerSurvey.Exchange(row)
        }
        for row in try list("list_queues", of: vhost, ["name", "type", "durable", "auto_delete", "exclusive", "arguments"]) {
            survey.queues[row["name"]?.stringValue ?? ""] = BrokerSurvey.Queue(row)
        }
        for row in try list("list_bindings", of: vhost) where row["destination_kind"]?.stringValue == "queue" {
            survey.bindings.insert(
                BrokerObjects.Binding(
                    exchange: row["source_name"]?.stringValue ?? "", queue: row["destination_name"]?.stringValue ?? "",
                    routingKey: row["routing_key"]?.stringValue ?? ""))
        }
    }

    func perform(_ step: SetupStep) throws {
        _ = try output(of: Self.run(for: step))
        guard case .declare(let objects, let vhost) = step else { return }
        // The import may continue after the program has exited.
        let deadline = Deadline(after: .seconds(30))
        while true {
            var survey = BrokerSurvey()
            try surveyObjects(of: vhost, into: &survey)
            if survey.missing(of: objects).isEmpty { return }
            if deadline.hasPassed {
                throw CommandError(
                    ExitCode.tryAgain, "\(program) accepted the exchanges and queues, but the broker does not list them",
                    hint: "look into the broker's log, and run this again")
            }
            Syscall.pause(.milliseconds(200))
        }
    }

    func shown(_ step: SetupStep) -> [String] {
        let run = Self.run(for: step)
        let line = ([program] + run.arguments).map(ShellWord.quoted).joined(separator: " ")
        switch run.input {
        case .secret(let secret)?: return ["printf '%s\\n' '\(secret)' | \(line)"]
        case .text(let text)?: return ["printf '%s\\n' \(ShellWord.quoted(text)) | \(line)"]
        case nil: return [line]
        }
    }

    /// The program run that performs a step.
    static func run(for step: SetupStep) -> Run {
        switch step {
        case .createUser(let name, let secret): Run(arguments: ["-q", "add_user", name], input: .secret(secret))
        case .changePassword(let name, let secret, _): Run(arguments: ["-q", "change_password", name], input: .secret(secret))
        case .createVirtualHost(let name): Run(arguments: ["-q", "add_vhost", name])
        case .setPermissions(let user, let vhost, let patterns):
            Run(arguments: ["-q", "set_permissions", "-p", vhost, user, patterns.configure, patterns.write, patterns.read])
        case .declare(let objects, let vhost):
            Run(arguments: ["-q", "import_definitions"], input: .text(objects.definitions(vhost: vhost).text()))
        }
    }

    private func list(_ verb: String, of vhost: String? = nil, _ columns: [String] = []) throws -> [JSON] {
        let place = vhost.map { ["-p", $0] } ?? []
        return try read(["-q", verb] + place + columns + ["--formatter", "json"]).arrayValue ?? []
    }

    private func read(_ arguments: [String]) throws -> JSON {
        let text = try output(of: Run(arguments: arguments))
        // Older versions print warnings on standard output, for example about the cookie file.
        guard let start = text.firstIndex(where: { $0 == "{" || $0 == "[" }),
            let value = try? JSON(parsing: String(text[start...]))
        else {
            throw CommandError(
                ExitCode.configuration, "\(program) \(arguments.joined(separator: " ")) printed no JSON",
                hint: "RabbitMQ 3.8.2 or later is needed, or the management API: --api URL")
        }
        return value
    }

    private func output(of run: Run, isSecondTry: Bool = false) throws -> String {
        var spawn = Spawn(program, arguments: [program] + run.arguments, environment: environment)
        let (output, errors) = (try MemoryFile.make(), try MemoryFile.make())
        spawn.standardOutput = .descriptor(output)
        spawn.standardError = .descriptor(errors)
        spawn.standardInput = switch run.input {
        case .secret(let secret)?: .descriptor(try MemoryFile.make(Array((secret.text + "\n").utf8)))
        case .text(let text)?: .descriptor(try MemoryFile.make(Array((text + "\n").utf8)))
        case nil: .null
        }
        spawn.placement = .newGroup
        let process = try spawn.start(pidfd: true)
        guard try process.waitUntilEnded(timeout: patience) else {
            kill(-process.id, SIGKILL)
            _ = try process.wait()
            throw CommandError(
                ExitCode.unreachable, "\(program) \(run.arguments[1]) did not end within \(patience.components.seconds) seconds")
        }
        let status = try process.wait().status
        let printed = String(decoding: try MemoryFile.content(of: output), as: UTF8.self)
        // The program gives up if the broker is too busy to answer; nothing has been done then, so try once more.
        if status == .exited(ExitCode.unreachable), !isSecondTry { return try self.output(of: run, isSecondTry: true) }
        guard status == .exited(0) else {
            let said = String(decoding: try MemoryFile.content(of: errors, limit: 1 << 16), as: UTF8.self)
            throw ControlProgramFailure(program: program, arguments: run.arguments, status: status, printed: printed, said: said)
                .error
        }
        return printed
    }
}
