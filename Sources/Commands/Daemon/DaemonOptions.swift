import Arguments
import CeleryCore
import Configuration

/// Options of a program that may run in the background; `celeryd` and `beat` have the same.
struct DaemonOptions: Sendable {
    let logLevel: Option<String?>
    let logFile: Option<String?>
    let pidFile: Option<String?>
    let detach: Option<Bool>
    let uid: Option<String?>
    let gid: Option<String?>
    let umask: Option<UInt32?>
    let chroot: Option<String?>
    let stop: Option<Bool>
    let restart: Option<Bool>
    let isRunning: Option<Bool>
    private let keys: Keys

    /// The settings behind the options, the first name of each before its aliases.
    struct Keys: Sendable {
        var logLevel: String
        var logFile: String
        var pidFile: String
    }

    /// - Parameters:
    ///   - name: of the files that are taken by default, without `.log` and `.pid`.
    ///   - noun: what runs, for people: `worker`.
    ///   - ready: when `--detach` returns: `the worker consumes`.
    ///   - restart: what `--restart` has it do.
    init(name: String, noun: String, keys: Keys, ready: String, restart again: String) {
        self.keys = keys
        logLevel = .value(
            "loglevel", short: "l", placeholder: "LEVEL", .choice(Self.levels), help: "Log from this level on.",
            settings: [keys.logLevel])
        logFile = .value(
            "logfile", short: "f", placeholder: "FILE", .nonEmptyText,
            help: "Append the log to FILE; by default stderr, or \(name).log when detached.", settings: [keys.logFile],
            completion: .file)
        pidFile = .value(
            "pidfile", short: "p", placeholder: "FILE", .nonEmptyText,
            help: "Write the process id to FILE and keep it locked; \(name).pid when detached.",
            settings: [keys.pidFile], completion: .file)
        detach = .flag(
            "detach", short: "d", aliases: ["daemon"], help: "Work in the background; returns when \(ready).")
        uid = .value("uid", short: "u", placeholder: "USER", .nonEmptyText, help: "Become this user, by name or number.")
        gid = .value("gid", short: "g", placeholder: "GROUP", .nonEmptyText, help: "Become this group, by name or number.")
        umask = .value("umask", placeholder: "MODE", .octalMode, help: "Keep these permission bits from new files, in octal.")
        chroot = .value(
            "chroot", placeholder: "DIR", .nonEmptyText,
            help: "Make DIR the root folder; it needs /proc and the program's libraries.", completion: .directory)
        stop = .flag("stop", help: "Stop the \(noun) of the pidfile, and wait until it is gone.")
        restart = .flag("restart", help: "Have the \(noun) of the pidfile \(again).")
        isRunning = .flag("is-running", help: "Exit with 0 if the \(noun) of the pidfile runs, else with 1.")
    }

    /// As the settings take them.
    private static let levels: [String] = {
        let names = ["DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"]
        return names + names.map { $0.lowercased() }
    }()

    /// Where it logs and what it is held by.
    var files: [OptionDescription] { [logLevel.description, logFile.description, pidFile.description, detach.description] }
    /// Whom and where it becomes.
    var surroundings: [OptionDescription] { [uid.description, gid.description, umask.description, chroot.description] }
    /// Acting on one that runs.
    var control: [OptionDescription] { [stop.description, restart.description, isRunning.description] }

    /// Whether the log goes to a file instead of stderr.
    func logsToFile(_ arguments: ParsedArguments) -> Bool { arguments[detach] || arguments.isGiven(logFile) }

    /// The options that set settings.
    func flags(_ arguments: ParsedArguments) -> [SettingsFlag] {
        let given = [
            ("loglevel", keys.logLevel, arguments[logLevel]), ("logfile", keys.logFile, arguments[logFile]),
            ("pidfile", keys.pidFile, arguments[pidFile]),
        ]
        return given.compactMap { option, key, text in text.map { SettingsFlag(option: "--\(option)", key: key, text: $0) } }
    }
}

extension ValueParser where Value == UInt32 {
    /// Permission bits in octal.
    static var octalMode: Self {
        Self { (text) throws(InvalidValue) in
            guard let mode = UInt32(text, radix: 8), mode <= 0o777 else {
                throw InvalidValue("is not a mode", advice: "write octal digits, as 022")
            }
            return mode
        }
    }
}
