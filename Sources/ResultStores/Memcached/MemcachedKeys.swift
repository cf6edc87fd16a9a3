import CeleryCore
import Memcached

/// The keys of Python's Celery in Memcached servers, and those of ours beside them.
struct MemcachedKeys: Sendable {
    /// Before every key; Python's `global_keyprefix`.
    private let prefix: String

    /// - Throws: `DriverError.configuration`.
    init(prefix: String) throws {
        self.prefix = PythonKeys.completed(prefix: prefix)
        if !self.prefix.isEmpty, let fault = MemcachedKey.fault(in: self.prefix + PythonKeys.groups) {
            throw DriverError(.configuration, "CELERY_RESULT_KEY_PREFIX cannot begin the keys of Memcached: it \(fault)")
        }
    }

    /// The result of a task.
    func task(_ id: TaskID) throws -> String { try checked(PythonKeys.tasks, id.text, "the id of a task") }

    /// The members of a task-set.
    func group(_ id: String) throws -> String { try checked(PythonKeys.groups, id, "the id of a task-set") }

    /// How many members of a chord have ended.
    func counter(_ group: String) throws -> String { try checked(PythonKeys.chords, group, "the id of a chord") }

    // MARK: Ours, of which Python knows nothing

    /// What a member of a chord came to, before its result is stored.
    func part(_ id: TaskID, of group: String) -> String { prefix + "chord-part-" + Self.hash(group, id.text) }

    /// That a member was counted, in its place.
    func mark(_ id: TaskID, at index: Int?, of group: String) -> String {
        prefix + "chord-mark-" + Self.hash(group, id.text, index.map(String.init) ?? "last")
    }

    /// Who sends the body of a chord.
    func claim(_ group: String) -> String { prefix + "chord-claim-" + Self.hash(group) }

    /// Several ids in one key would be too long, were they long.
    private static func hash(_ parts: String...) -> String { SHA1.hexadecimal(Array(parts.joined(separator: "\0").utf8)) }

    private func checked(_ kind: String, _ id: String, _ what: String) throws -> String {
        guard !id.isEmpty else { throw DriverError(.refused, "\(what) is empty") }
        let key = prefix + kind + id
        if let fault = MemcachedKey.fault(in: id) ?? MemcachedKey.fault(in: key).map({ "makes a key that \($0)" }) {
            throw DriverError(
                .refused, "\(what) '\(id.inOneLine(limit: 60))' \(fault)", hint: "Memcached takes ids of visible characters without spaces")
        }
        return key
    }
}
