import Arguments
import CeleryCore
import Configuration

/// Options of a program that can run in the background, shared by `celeryd` and `beat`.
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

    /// The settings that correspond to the options, by their first names.
    struct Keys: Sendable {
        var logLevel: String
        var logFile: String
        var pidFile: String
    }

    /// - Parameters:
    ///   - name: The name of the default files, without `.log` and `.pid`.
    ///   - noun: The kind of program in help texts: `worker`.
    ///   - ready: When `--detach` returns: `the worker is consuming`.
    ///   - restart: The effect of `--restart`.
    init(name: String, noun: String, keys: Keys, ready: String, restart again: String) {
        self.keys = keys
        logLevel = .value(
            "loglevel", short: "l", placeholder: "LEVEL", .choice(Self.levels), help: "Lowest level to log.",
            settings: [keys.logLevel])
        logFile = .value(
            "logfile", short: "f", placeholder: "FILE", .nonEmptyText,
            help: "Append the log to FILE; by default stderr, or \(name).log if detached.", settings: [keys.logFile],
            completion: .file)
        pidFile = .value(
            "pidfile", short: "p", placeholder: "FILE", .nonEmptyText,
            help: "Write the process id to FILE and keep FILE locked; by default \(name).pid if detached.",
            settings: [keys.pidFile], completion: .file)
        detach = .flag(
            "detach", short: "d", aliases: ["daemon"], help: "Run in the background; return when \(ready).")
        uid = .value("uid", short: "u", placeholder: "USER", .nonEmptyText, help: "Run as this user, given by name or number.")
        gid = .value("gid", short: "g", placeholder: "GROUP", .nonEmptyText, help: "Run as this group, given by name or number.")
        umask = .value("umask", placeholder: "MODE", .octalMode, help: "File mode creation mask, in octal.")
        chroot = .value(
            "chroot", placeholder: "DIR", .nonEmptyText,
            help: "Change the root folder to DIR, which must contain /proc and the program's libraries.", completion: .directory)
        stop = .flag("stop", help: "Stop the \(noun) of the pidfile, and wait for its end.")
        restart = .flag("restart", help: "Make the \(noun) of the pidfile \(again).")
        isRunning = .flag("is-running", help: "Exit with 0 if the \(noun) of the pidfile is running, otherwise with 1.")
    }

    /// The levels that the settings accept.
    private static let levels: [String] = {
        let names = ["DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"]
        return names + names.map { $0.lowercased() }
    }()

    /// The options for log file, pidfile and detaching.
    var files: [OptionDescription] { [logLevel.description, logFile.description, pidFile.description, detach.description] }
    /// The options for user, group, umask and root folder.
    var surroundings: [OptionDescription] { [uid.description, gid.description, umask.description, chroot.description] }
    /// The options that act on a running daemon.
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
                throw InvalidValue("is not a mode", advice: "write octal digits, such as 022")
            }
            return mode
        }
    }
}
