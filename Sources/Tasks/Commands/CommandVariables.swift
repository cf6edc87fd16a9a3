/// Which environment variables go with a command.
package struct CommandVariables: Sendable {
    /// Names in CELERY_COMMAND_ENVIRONMENT; a `*` at the end stands for any further characters.
    let others: [String]

    package init(others: [String] = []) { self.others = others }

    /// Variables that describe the user and where programs are. Where patterns say what may run, the worker's own count: by
    /// another PATH or HOME, a permitted command could become a different one.
    package static let places = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR"]
    /// Variables that describe how the user reads and writes.
    package static let languages = ["LANG", "LANGUAGE", "LC_*", "TZ"]

    /// Whether a variable goes along without being asked for.
    package func passes(_ name: String) -> Bool {
        Self.isAmong(Self.places, name) || Self.isAmong(Self.languages, name) || Self.isAmong(others, name)
    }

    /// Whether a worker that runs only what matches its patterns accepts a variable.
    package func isHarmless(_ name: String) -> Bool { Self.isAmong(Self.languages, name) || Self.isAmong(others, name) }

    private static func isAmong(_ names: [String], _ name: String) -> Bool {
        names.contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : $0 == name }
    }
}
