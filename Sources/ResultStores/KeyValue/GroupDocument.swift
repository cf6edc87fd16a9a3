import CeleryCore

/// The document of a group: `{"result": [[id, parent], [members]]}`, as Python writes it, with the time in a member of ours before it.
struct GroupDocument {
    private var document: JSONObject
    private var group: PythonGroup

    private static let created = "date_created"

    init(_ id: String, of members: [TaskID], created: Timestamp) {
        group = PythonGroup(id, of: members)
        document = [Self.created: .double(created.seconds), "result": nil]
    }

    /// - Returns: `nil` for a value that is no group, or cannot be read.
    init?(_ bytes: [UInt8]) {
        guard let document = try? JSON(parsing: bytes).objectValue, let form = document["result"], let group = PythonGroup(form: form)
        else { return nil }
        self.document = document
        self.group = group
    }

    /// Celery's nested form: `[[id, parent], [members]]`.
    var form: JSON { group.form }

    /// How many members Python counts: those of groups within the group are not among them.
    var count: Int { group.form.arrayValue?.last?.arrayValue?.count ?? 0 }

    /// The tasks in order, those of groups within the group included.
    var members: [TaskID] { group.members }

    /// When the set was made; `nil` for a group that Python saved.
    var created: Timestamp? { document[Self.created]?.doubleValue.map(Timestamp.init) }

    /// The time at the beginning of a value, in seconds; `nil` for a group that Python saved.
    static func created(inHead bytes: [UInt8]) -> Double? {
        let start = "{\"\(created)\": "
        guard bytes.starts(with: start.utf8) else { return nil }
        return Double(String(decoding: bytes.dropFirst(start.utf8.count).prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
    }

    func record(_ id: String) -> TaskSetRecord {
        let members = members
        return TaskSetRecord(id: id, total: members.count, created: created ?? Timestamp(seconds: 0), members: members)
    }

    /// Puts a task in the place of a member.
    ///
    /// - Returns: `false` if the old task is no member.
    mutating func replace(_ old: TaskID, by new: TaskID) -> Bool { group.replace(old, by: new) }

    var bytes: [UInt8] {
        var document = document
        document["result"] = group.form
        return JSON.object(document).bytes(style: .python)
    }
}
