package import CeleryCore
import Glibc
import Processes

/// Under which conditions commands are signed here, and run.
package struct CommandPolicy: Sendable, Equatable {
    /// The file with the key, absolute.
    package var keyFile: String
    /// Whether the settings name the key. Otherwise it lies beside the database, which nobody else may be able to write.
    package var isKeyGiven: Bool
    /// The database with the messages; `nil` with another broker.
    package var database: String?
    /// The broker for messages about it, without a password.
    package var broker: String
    /// The file that the settings come from.
    package var settingsFile: String?
    /// CELERY_COMMAND_PATTERNS; `nil` allows all commands.
    package var patterns: [String]?
    /// CELERY_COMMAND_ENVIRONMENT.
    package var variables: [String]

    package init(_ settings: Settings) {
        let url = (try? ServiceURL.alternatives(settings.brokerURL))?.first
        database = url?.service == .sqlite ? url?.path : nil
        broker = url?.redacted ?? ""
        isKeyGiven = settings.commandKey != nil
        keyFile = settings.commandKey ?? database.map { $0 + ".key" } ?? ""
        settingsFile = settings.file
        patterns = settings.commandPatterns
        variables = settings.commandVariables
    }

    /// The user of this process. The corresponding C function is `geteuid`.
    package static var currentUser: UInt32 { geteuid() }

    /// Refuses, unless this user may sign commands. A missing key is fine beside the database: it is made on first use.
    package func checkSending(as user: UInt32 = currentUser) throws(CommandRefusal) {
        try checkPlaces(user)
        if patterns?.isEmpty == true { throw Self.nothingAllowed }
    }

    /// Refuses, unless a worker of this user may run commands.
    package func checkRunning(as user: UInt32 = currentUser) throws(CommandRefusal) {
        try checkSending(as: user)
        guard isKeyGiven else { return }
        guard patterns != nil else {
            throw CommandRefusal(
                "CELERY_COMMAND_KEY is set, but not which commands may run",
                hint: "list them in CELERY_COMMAND_PATTERNS, for example [\"ffmpeg ...\", \"/usr/bin/rsync ...\"]")
        }
        guard try CommandKey.read(keyFile, for: user) != nil else { throw missingKey }
    }

    /// The key to sign with.
    package func keyForSending(as user: UInt32 = currentUser) throws(CommandRefusal) -> CommandKey {
        try checkSending(as: user)
        if !isKeyGiven { return try CommandKey.readOrMake(keyFile, for: user) }
        guard let key = try CommandKey.read(keyFile, for: user) else { throw missingKey }
        return key
    }

    /// The key to check signatures with.
    package func keyForRunning(as user: UInt32 = currentUser) throws(CommandRefusal) -> CommandKey {
        try checkRunning(as: user)
        guard let key = try CommandKey.read(keyFile, for: user) else { throw missingKey }
        return key
    }

    /// Refuses a command that no pattern allows.
    package func checkPatterns(_ argv: [[UInt8]]) throws(CommandRefusal) {
        guard let patterns, !patterns.contains(where: { CommandPattern($0).matches(argv) }) else { return }
        throw CommandRefusal(
            "no pattern of CELERY_COMMAND_PATTERNS allows this command",
            hint: "a pattern names each word of a command, such as \"ffmpeg -i *.mov ...\"")
    }

    private func checkPlaces(_ user: UInt32) throws(CommandRefusal) {
        let owner = CommandGuard(user: user)
        if isKeyGiven {
            if let settingsFile { try owner.check(settings: settingsFile) }
            _ = try CommandKey.read(keyFile, for: user)
            return
        }
        guard let database else {
            throw CommandRefusal(
                "commands sent through \(broker) need a key that both sides know",
                hint: "name a file with a key in CELERY_COMMAND_KEY, here and at the workers, and there also what may run in CELERY_COMMAND_PATTERNS")
        }
        for file in ["", "-wal", "-shm", "-journal"] { try owner.check(file: database + file) }
        try owner.check(folder: Self.folder(of: database))
        if let settingsFile { try owner.check(settings: settingsFile) }
        _ = try CommandKey.read(keyFile, for: user)
    }

    private var missingKey: CommandRefusal {
        CommandRefusal(
            "there is no key \(keyFile)",
            hint: isKeyGiven ? "make one with: (umask 077; openssl rand -hex 32 > \(ShellWord.quoted(keyFile))), and give both sides the same" : nil)
    }

    private static let nothingAllowed = CommandRefusal("CELERY_COMMAND_PATTERNS is empty, so no command may run")

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}

extension CommandPolicy {
    /// The form in which a worker passes it to its children.
    package var json: JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        return [
            "key": .string(keyFile), "given": .bool(isKeyGiven), "database": text(database), "broker": .string(broker),
            "settings": text(settingsFile), "patterns": patterns.map { .array($0.map(JSON.string)) } ?? .null,
            "variables": .array(variables.map(JSON.string)),
        ]
    }

    /// - Returns: `nil` for anything that `json` does not make.
    package init?(_ json: JSON) {
        guard let key = json["key"]?.stringValue, let given = json["given"]?.boolValue, let broker = json["broker"]?.stringValue,
            let patterns = json["patterns"], let variables = json["variables"]?.arrayValue
        else { return nil }
        keyFile = key
        isKeyGiven = given
        database = json["database"]?.stringValue
        self.broker = broker
        settingsFile = json["settings"]?.stringValue
        self.patterns = patterns.isNull ? nil : (patterns.arrayValue ?? []).compactMap(\.stringValue)
        self.variables = variables.compactMap(\.stringValue)
    }
}
