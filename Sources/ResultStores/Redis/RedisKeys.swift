import CeleryCore
import Redis

/// The keys of Python's Celery in a Redis server.
struct RedisKeys: Sendable {
    /// Before every key; Python's `global_keyprefix`.
    private let prefix: String

    /// - Parameter prefix: As Python does, an underscore is added unless it ends with one of `:_-.`.
    /// - Throws: `DriverError.configuration`.
    init(prefix: String) throws {
        guard Self.isPlain(prefix) else {
            throw DriverError(.configuration, "CELERY_RESULT_KEY_PREFIX has a line break or NUL in it")
        }
        self.prefix = PythonKeys.completed(prefix: prefix)
    }

    /// The result of a task, and the channel on which it is told.
    func task(_ id: TaskID) throws -> String { tasks + (try checked(id.text, "the id of a task")) }

    /// The beginning of all keys of results.
    var tasks: String { prefix + PythonKeys.tasks }

    /// The members of a task-set, or one of the records of a chord, by its suffix.
    func group(_ id: String, _ suffix: ChordSuffix? = nil) throws -> String {
        groups + (try checked(id, "the id of a task-set")) + (suffix?.rawValue ?? "")
    }

    /// The slots of a task name and key: our own, with a hash, because a key may be any text.
    func slots(_ task: String, _ key: String) -> String {
        prefix + "_celery.slots." + SHA1.hexadecimal(Array(task.utf8) + [0] + Array(key.utf8))
    }

    /// The slots that a worker has.
    func slots(of worker: String) -> String { prefix + "_celery.slots.of." + worker }

    /// The beginning of all keys of task-sets and chords.
    var groups: String { prefix + PythonKeys.groups }

    /// The id in the key of a task-set; `nil` for a record of a chord, and for another key.
    func groupID(ofKey key: String) -> String? {
        let start = groups
        guard key.utf8.starts(with: start.utf8), !ChordSuffix.allCases.contains(where: { key.hasSuffix($0.rawValue) }) else { return nil }
        let id = String(decoding: key.utf8.dropFirst(start.utf8.count), as: UTF8.self)
        return id.isEmpty || !Self.isPlain(id) ? nil : id
    }

    /// The id in a key of a result; `nil` for another key.
    func id(ofKey key: String) -> TaskID? {
        let start = tasks
        return key.utf8.starts(with: start.utf8) ? TaskID(String(decoding: key.utf8.dropFirst(start.utf8.count), as: UTF8.self)) : nil
    }

    /// The records of a chord.
    enum ChordSuffix: String, CaseIterable {
        /// The results of the members that have ended.
        case results = ".j"
        /// How many members were added later.
        case added = ".t"
        /// How many members there are.
        case size = ".s"
        /// Which members were counted.
        case counted = ".d"
        /// Who sends the body.
        case claim = ".c"
    }

    /// Redis would take any bytes; ids with these are mistakes, or attempts to be shown as something else.
    private func checked(_ text: String, _ what: String) throws -> String {
        guard !text.isEmpty else { throw DriverError(.refused, "\(what) is empty") }
        guard Self.isPlain(text) else { throw DriverError(.refused, "\(what) has a line break or NUL in it") }
        return text
    }

    private static func isPlain(_ text: String) -> Bool { !text.utf8.contains { $0 == 0 || $0 == 0x0A || $0 == 0x0D } }
}
