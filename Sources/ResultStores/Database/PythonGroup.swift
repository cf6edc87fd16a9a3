import CeleryCore
import Pickle

/// A group of tasks as Python's Celery saves it (`GroupResult.save`), in Celery's nested form: `[[id, parent], members]`, each
/// member being `[[id, parent], null]`, or a group as well.
struct PythonGroup {
    /// The nested form.
    private(set) var form: JSON
    /// Whether the row was a pickle, as those of Celery up to 5.6 are.
    private let wasPickle: Bool

    init(_ id: String, of members: [TaskID]) {
        form = [[.string(id), nil], .array(members.map { [[.string($0.text), nil], nil] })]
        wasPickle = false
    }

    /// - Returns: `nil` for a row without a group, or that cannot be read.
    init?(_ bytes: [UInt8]?) {
        guard let bytes, let form = try? PythonValue.json(bytes, isException: false), form.arrayValue?.last?.arrayValue != nil else {
            return nil
        }
        self.form = form
        wasPickle = PythonValue.isPickle(bytes)
    }

    /// - Returns: `nil` for what is not the form of a group.
    init?(form: JSON) {
        guard form.arrayValue?.last?.arrayValue != nil else { return nil }
        self.form = form
        wasPickle = false
    }

    /// The tasks in order, those of groups within the group included.
    var members: [TaskID] {
        var members: [TaskID] = []
        Self.collect(form, &members)
        return members
    }

    private static func collect(_ form: JSON, _ members: inout [TaskID]) {
        guard case .array(let parts) = form, parts.count == 2 else { return }
        if case .array(let children) = parts[1] {
            for child in children { collect(child, &members) }
        } else if let id = PickledResults.head(parts[0]).id {
            members.append(TaskID(id))
        }
    }

    /// Puts a task in the place of a member; the rest, parents included, stays as Python wrote it.
    ///
    /// - Returns: `false` if the old task is no member, or if a pickle has what cannot be pickled here: it stays as it is.
    mutating func replace(_ old: TaskID, by new: TaskID) -> Bool {
        guard let changed = Self.form(form, replacing: old.text, by: new.text) else { return false }
        if wasPickle, PickledResults.bytes(of: changed) == nil { return false }
        form = changed
        return true
    }

    /// The form with a member replaced; `nil` if it is not in there.
    private static func form(_ form: JSON, replacing old: String, by new: String) -> JSON? {
        guard case .array(let parts) = form, parts.count == 2 else { return nil }
        if case .array(var children) = parts[1] {
            for index in children.indices {
                guard let changed = Self.form(children[index], replacing: old, by: new) else { continue }
                children[index] = changed
                return [parts[0], .array(children)]
            }
            return nil
        }
        let (id, parent) = PickledResults.head(parts[0])
        return id == old ? [[.string(new), parent], nil] : nil
    }

    /// The column's value. A changed pickle stays one: who wrote it can read no other.
    func bytes(_ format: PythonResultFormat) -> [UInt8] {
        if wasPickle || format == .pickle, let pickle = PickledResults.bytes(of: form) { return pickle }
        return form.bytes(style: .python)
    }
}
