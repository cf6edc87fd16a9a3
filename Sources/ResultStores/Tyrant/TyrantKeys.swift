import CeleryCore
import Tyrant

/// The keys of Celery in a Tokyo Tyrant server, and those of ours beside them.
struct TyrantKeys: Sendable {
    /// Before every key, as Python's `global_keyprefix` elsewhere.
    private let prefix: String

    /// - Throws: `DriverError.configuration`.
    init(prefix: String) throws {
        self.prefix = PythonKeys.completed(prefix: prefix)
        if !self.prefix.isEmpty, let fault = TyrantKey.fault(in: self.prefix) {
            throw DriverError(.configuration, "CELERY_RESULT_KEY_PREFIX cannot begin the keys of Tokyo Tyrant: it \(fault)")
        }
    }

    /// The final result of a task, where the original kept any.
    func task(_ id: TaskID) throws -> String { try checked(PythonKeys.tasks, id.text, "the id of a task") }

    /// The members of a task-set.
    func group(_ id: String) throws -> String { try checked(PythonKeys.groups, id, "the id of a task-set") }

    /// What a task has come to that may be replaced.
    func state(_ id: TaskID) -> String { prefix + Self.states + id.text }

    /// A change of a task-set after it was kept, by its number from 1.
    func change(_ number: Int, of group: String) -> String { "\(prefix)\(Self.changes)\(number)-\(group)" }

    private static let states = "celery-task-state-"
    private static let changes = "celery-taskset-change-"

    /// What the keys of task-sets begin with.
    var groups: String { prefix + PythonKeys.groups }

    /// What all keys begin with whose values expire.
    var expiring: [String] { [PythonKeys.tasks, Self.states, PythonKeys.groups, Self.changes].map { prefix + $0 } }

    /// The id in the key of a task-set.
    func group(ofKey key: String) -> String { String(decoding: key.utf8.dropFirst(groups.utf8.count), as: UTF8.self) }

    private func checked(_ kind: String, _ id: String, _ what: String) throws -> String {
        guard !id.isEmpty else { throw DriverError(.refused, "\(what) is empty") }
        let key = prefix + kind + id
        // Room for the longer keys of the same id.
        if let fault = TyrantKey.fault(in: id) ?? TyrantKey.fault(in: key + "-change-0000000000").map({ "makes a key that \($0)" }) {
            throw DriverError(.refused, "\(what) '\(id.inOneLine(limit: 60))' \(fault)")
        }
        return key
    }
}
