import CeleryCore
import Glibc
import Schedules

/// Sorts the lines of a crontab into tasks, problems and notes.
struct CrontabImport {
    /// In the order of the lines.
    private(set) var tasks: [ImportedTask] = []
    /// The skipped lines, each with the reason.
    private(set) var problems: [String] = []
    /// Differences from cron in imported lines.
    private(set) var notes: [String] = []
    /// Existing files of the same name, relative to the project's folder.
    private(set) var existing: [String] = []

    /// - Parameter user: the current user; a system crontab's lines for other users are skipped.
    init(_ file: CrontabFile, into folder: ImportFolder, user: String) {
        var problems = file.problems.map { (line: $0.lineNumber, text: "\($0.reason)") }
        var names: Set<String> = []
        var mailed: Set<String> = []
        for entry in file.entries {
            if let reason = Self.hindrance(entry, user: user) {
                problems.append((entry.lineNumber, reason))
                continue
            }
            let name = CommandName.of(entry.command, besides: names)
            names.insert(name)
            let task = ImportedTask(name: name, entry: entry)
            tasks.append(task)
            if let clash = folder.clash(with: task) { existing.append(clash) }
            if let address = task.address, mailed.insert(address).inserted { notes.append(Self.note(of: address, task)) }
        }
        self.problems = problems.sorted { $0.line < $1.line }.map { "line \($0.line): \($0.text)" }
    }

    /// What becomes of cron's mail.
    private static func note(of address: String, _ task: ImportedTask) -> String {
        let line = "line \(task.entry.lineNumber): the task mails its output to \(address.forLog) with \(task.mailer.forLog), as cron does"
        guard task.mailer.hasPrefix("/"), access(task.mailer, X_OK) != 0 else { return line }
        return line + ", but there is no such program here; until there is one, the worker's log says that the output could not be mailed"
    }

    /// Why a line cannot be imported; `nil` if it can.
    private static func hindrance(_ entry: CrontabFile.Entry, user: String) -> String? {
        if let other = entry.user, other != user {
            return "it runs as \(other.forLog); import it as that user, for the user's own worker"
        }
        if !entry.crontab.isPossible { return "'\(entry.scheduleText)' is never due: no year has such a day" }
        if let name = entry.environment.keys.sorted().first(where: { !ImportedTask.isVariable($0) }) {
            return "no shell can set the variable '\(name.forLog)'"
        }
        return nil
    }
}

/// The name of the current user. The corresponding C function is `getpwuid`.
enum UserName {
    static var current: String {
        guard let entry = getpwuid(geteuid()) else { return "\(geteuid())" }
        return String(cString: entry.pointee.pw_name)
    }
}
