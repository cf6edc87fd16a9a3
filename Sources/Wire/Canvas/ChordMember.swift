import CeleryCore

/// One result in the header of a chord: of a task or of a group.
enum ChordMember: Sendable, Equatable {
    case task(TaskID)
    case group([ChordMember])

    /// Parses Celery's nested form: `[[id, parent], null]`, or `[[id, parent], [members]]`.
    init(_ tuple: JSON) throws(InvalidSignature) {
        let parts = tuple.arrayValue ?? [tuple]
        if parts.count > 1, let members = parts[1].arrayValue {
            self = .group(try members.map(ChordMember.init))
            return
        }
        guard let first = parts.first, let id = first.stringValue ?? first.arrayValue?.first?.stringValue, !id.isEmpty
        else { throw InvalidSignature(description: "a result in the header of a chord has no id") }
        self = .task(TaskID(id))
    }

    var ids: [TaskID] {
        switch self {
        case .task(let id): [id]
        case .group(let members): members.flatMap(\.ids)
        }
    }

    func value(in results: [TaskID: TaskResult]) -> JSON {
        switch self {
        case .task(let id): results[id]?.value ?? .null
        case .group(let members): .array(members.map { $0.value(in: results) })
        }
    }
}
