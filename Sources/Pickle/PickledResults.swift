package import CeleryCore

/// Pickles results as Celery up to 5.6 saves groups: objects of its own classes, made from their ids.
///
/// The backend of each result, which Python writes too, is left out: the classes then use that of the current application,
/// as they do on reading such a backend.
package enum PickledResults {
    /// A pickle of protocol 2 of a result or a group of results in Celery's nested form: `[[id, parent], members]`, `members`
    /// being `null` for a single task.
    ///
    /// - Returns: `nil` for anything else.
    package static func bytes(of result: JSON) -> [UInt8]? {
        var writer = Writer()
        guard writer.append(result, depth: 0) else { return nil }
        return [PickleCode.proto, 2] + writer.code + [PickleCode.stop]
    }

    private struct Writer {
        var code: [UInt8] = []
        /// The classes that have been written, each in memory at its index.
        private var classes: [String] = []

        mutating func append(_ result: JSON, depth: Int) -> Bool {
            guard depth < JSON.nestingLimit, case .array(let parts) = result, parts.count == 2 else { return false }
            let (id, parent) = PickledResults.head(parts[0])
            guard let id else { return false }
            switch parts[1] {
            case .null:
                append(className: "AsyncResult")
                code.append(PickleCode.mark)
                PickleWriter.append(id, to: &code)
                if !parent.isNull {
                    // Backend, task name and application
                    code += [PickleCode.none, PickleCode.none, PickleCode.none]
                    guard append(parent, depth: depth + 1) else { return false }
                }
            case .array(let members):
                append(className: "GroupResult")
                code.append(PickleCode.mark)
                PickleWriter.append(id, to: &code)
                code += [PickleCode.emptyList, PickleCode.mark]
                for member in members { guard append(member, depth: depth + 1) else { return false } }
                code.append(PickleCode.appends)
                if !parent.isNull { guard append(parent, depth: depth + 1) else { return false } }
            default: return false
            }
            code += [PickleCode.tuple, PickleCode.reduce]
            return true
        }

        /// Python looks a class up by its name; once is enough for a hundred thousand members.
        private mutating func append(className name: String) {
            if let place = classes.firstIndex(of: name) {
                code += [PickleCode.binGet, UInt8(place)]
            } else {
                code.append(PickleCode.global)
                code += Array("celery.result\n\(name)\n".utf8)
                code += [PickleCode.binPut, UInt8(classes.count)]
                classes.append(name)
            }
        }
    }

    /// The id and the parent of a result: `[id, parent]`, or the id alone.
    package static func head(_ part: JSON) -> (id: String?, parent: JSON) {
        switch part {
        case .array(let parts) where 1...2 ~= parts.count: (parts[0].stringValue, parts.count == 2 ? parts[1] : .null)
        default: (part.stringValue, .null)
        }
    }
}
