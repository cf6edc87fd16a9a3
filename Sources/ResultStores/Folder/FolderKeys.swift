import CeleryCore

/// The names of files of Python's Celery in a folder of results.
struct FolderKeys: Sendable {
    /// Before every name; Python's `global_keyprefix`.
    private let prefix: String

    /// - Throws: `DriverError.configuration`.
    init(prefix: String) throws {
        self.prefix = PythonKeys.completed(prefix: prefix)
        if let fault = Self.fault(in: self.prefix) {
            throw DriverError(.configuration, "CELERY_RESULT_KEY_PREFIX cannot begin the name of a file: it \(fault)")
        }
    }

    /// The file of a result.
    func task(_ id: TaskID) throws -> String { try checked(PythonKeys.tasks, id.text, "the id of a task") }

    /// The file with the members of a task-set.
    func group(_ id: String) throws -> String { try checked(PythonKeys.groups, id, "the id of a task-set") }

    /// The id in the name of a file with a result; `nil` for other names.
    func task(ofName name: String) -> TaskID? { rest(of: name, after: prefix + PythonKeys.tasks).map { TaskID($0) } }

    /// The id in the name of a file with the members of a task-set; `nil` for other names.
    func group(ofName name: String) -> String? { rest(of: name, after: prefix + PythonKeys.groups) }

    /// Whether a file is one that Python's `cleanup` deletes when it is old.
    func expires(_ name: String) -> Bool {
        [PythonKeys.tasks, PythonKeys.groups, PythonKeys.chords].contains { name.utf8.starts(with: (prefix + $0).utf8) }
    }

    private func rest(of name: String, after start: String) -> String? {
        name.utf8.starts(with: start.utf8) && name.utf8.count > start.utf8.count
            ? String(decoding: name.utf8.dropFirst(start.utf8.count), as: UTF8.self) : nil
    }

    private func checked(_ kind: String, _ id: String, _ what: String) throws -> String {
        guard !id.isEmpty else { throw DriverError(.refused, "\(what) is empty") }
        let name = prefix + kind + id
        guard let fault = Self.fault(in: name) else { return name }
        throw DriverError(
            .refused, "\(what) '\(id.inOneLine(limit: 60))' makes the name of a file that \(fault)",
            hint: "use ids without / for results in a folder")
    }

    private static func fault(in name: String) -> String? {
        if name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "/") }) { return "has a slash or control character in it" }
        return name.utf8.count > ResultFolder.nameLimit ? "is longer than \(ResultFolder.nameLimit) bytes" : nil
    }
}
