package import CeleryCore
import Glibc
package import Processes

/// A command that a worker has checked and may start now.
package struct CommandCall: Sendable {
    /// The program, absolute.
    package var path: String
    /// The command's name as it was typed, for argv[0].
    package var name: String
    package var folder: String
    package var environment: Environment
    package var umask: UInt32

    /// The PATH of a submitter that has none.
    private static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

    /// Checks a message, and looks for its program.
    ///
    /// The place is checked anew for each command: since the worker started, somebody may have got access to it.
    ///
    /// - Parameters:
    ///   - words: The argv as the program gets it.
    ///   - worker: The environment of the worker. Its variables CELERY_... are passed on; so are those that say where
    ///     programs are, if patterns decide what may run.
    /// - Throws: `CommandRefusal`; `CommandMissing` when there is no such program.
    package init(
        _ message: Message, _ arguments: TaskArguments, words: [[UInt8]], _ policy: CommandPolicy, in worker: Environment
    ) throws {
        let key = try policy.keyForRunning()
        guard CommandSignature.isValid(message, arguments, with: key) else {
            let what = message.headers[CommandSignature.header] == nil ? "the command is not signed" : "the signature does not fit the command"
            throw CommandRefusal(
                "\(what), so it is not run",
                hint: "only celery run can sign, and only with the key \(policy.keyFile)")
        }
        let request = try CommandRequest(arguments)
        try policy.checkPatterns(words)
        folder = request.folder
        umask = request.umask
        name = String(decoding: words[0], as: UTF8.self)
        environment = try Self.environment(request, policy, worker)
        path = try Self.find(name, in: environment["PATH"] ?? Self.defaultPath, from: folder)
    }

    private static func environment(
        _ request: CommandRequest, _ policy: CommandPolicy, _ worker: Environment
    ) throws(CommandRefusal) -> Environment {
        var environment = worker.filter { $0.starts(with: CommandRequest.reservedPrefix.utf8) }
        let variables = CommandVariables(others: policy.variables)
        if policy.patterns != nil {
            for name in CommandVariables.places { environment[name] = worker[name] }
        }
        for (name, value) in request.environment {
            if policy.patterns == nil || variables.isHarmless(name) {
                environment[name] = value
            } else if !CommandVariables.places.contains(name) {
                throw CommandRefusal(
                    "the variable \(name) is not in CELERY_COMMAND_ENVIRONMENT", hint: "leave out --env \(name), or add it to the setting")
            }
        }
        return environment
    }

    /// The program of a command: the name itself if it has a slash, else the first executable of that name in a folder of PATH.
    ///
    /// Folders that are not absolute are passed over: they would mean another one in each working folder.
    package static func find(_ name: String, in path: String, from folder: String) throws(CommandMissing) -> String {
        if name.utf8.contains(UInt8(ascii: "/")) { return name.hasPrefix("/") ? name : "\(folder)/\(name)" }
        var forbidden = false
        for place in path.split(separator: ":") where place.hasPrefix("/") {
            let file = "\(place)/\(name)"
            var status = stat()
            guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            if access(file, X_OK) == 0 { return file }
            forbidden = true
        }
        throw CommandMissing(name: name, isForbidden: forbidden)
    }
}

/// A command that no folder of PATH has.
package struct CommandMissing: Error, Sendable {
    package var name: String
    /// Whether there are files of that name, none of which this user may execute.
    package var isForbidden: Bool

    package init(name: String, isForbidden: Bool) {
        self.name = name
        self.isForbidden = isForbidden
    }

    /// The failure of its task: Python's error for this.
    package var failure: TaskFailure {
        isForbidden
            ? TaskFailure(type: "OSError", arguments: [.int(Int64(EACCES)), .string("cannot run \(name): permission denied")], module: "builtins")
            : TaskFailure(
                type: "FileNotFoundError", arguments: [.int(Int64(ENOENT)), .string("cannot run \(name): command not found")],
                module: "builtins")
    }
}
