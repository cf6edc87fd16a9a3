package import CeleryCore
package import Schedules

/// A section `[beat.NAME]` of a settings file: a task to be sent again and again.
package struct PeriodicSection: Sendable, Equatable {
    package var name: String
    /// Where it is written: `celery.toml:12`.
    package var place: String
    package var task: String
    package var args: [JSON] = []
    package var kwargs: JSONObject = [:]
    /// How its messages are sent, in the words of a batch: `queue`, `priority`, ...
    package var options: JSONObject = [:]
    package var periodic: PeriodicOptions

    /// What a section may say beside `PeriodicKey.all`.
    package static let otherKeys = ["task", "args", "kwargs", "options"]

    /// The sections in the table `beat`.
    ///
    /// - Parameters:
    ///   - lines: the line of each section, as far as it is known.
    ///   - line: the line of the first.
    ///   - shown: what the file is called in errors.
    static func read(
        _ input: SettingsInput, lines: [String: Int], line: Int, shown: String
    ) throws(SettingsError) -> [PeriodicSection] {
        guard case .table(let members) = input else {
            throw SettingsError(
                .badValue, at: SettingsOrigin.file(shown, line: line).description, "beat must be a table, not \(input.shown)",
                hint: "begin a section with [beat.NAME]")
        }
        var sections: [PeriodicSection] = []
        for member in members {
            let place = SettingsOrigin.file(shown, line: lines[member.name] ?? line).description
            do throws(SettingsComplaint) {
                sections.append(try PeriodicSection(member, place: place))
            } catch {
                throw SettingsError(.badValue, at: place, "[beat.\(member.name.forLog)] \(error.text)", hint: error.hint)
            }
        }
        return sections
    }

    private init(_ member: SettingsInput.Member, place: String) throws(SettingsComplaint) {
        name = member.name
        self.place = place
        guard !name.isEmpty, name.utf8.count <= 200, name.forLog == name else {
            throw SettingsComplaint("has a name that is empty, too long, or not plain text")
        }
        guard case .table(let entries) = member.value else {
            throw SettingsComplaint("must be a table, not \(member.value.shown)", hint: "begin it with [beat.\(name)]")
        }
        var task: String?
        var draft = PeriodicDraft()
        for entry in entries {
            do throws(SettingsComplaint) {
                switch entry.name {
                case "task": task = try SettingsKind<String>.text.read(entry.value)
                case "args":
                    guard let list = try Self.json(entry.value).arrayValue else { throw SettingsComplaint("must be a list, not \(entry.value.shown)") }
                    args = list
                case "kwargs": kwargs = try Self.object(entry.value)
                case "options": options = try Self.object(entry.value)
                default: try Self.take(entry, into: &draft)
                }
            } catch {
                throw SettingsComplaint("\(entry.name) \(error.text)", hint: error.hint)
            }
        }
        guard let task, !task.isEmpty else { throw SettingsComplaint("names no task", hint: "add a line such as task = \"demo.tasks.add\"") }
        self.task = task
        do throws(ScheduleError) {
            guard let periodic = try draft.options() else {
                throw ScheduleError(.notASchedule, "it says not when", hint: "add every = \"10m\" or crontab = \"*/5 * * * *\"")
            }
            self.periodic = periodic
        } catch {
            throw SettingsComplaint("is no schedule: \(error.message)", hint: error.hint)
        }
    }

    private static func take(_ entry: SettingsInput.Member, into draft: inout PeriodicDraft) throws(SettingsComplaint) {
        guard let key = PeriodicKey.named(entry.name) else {
            let names = otherKeys + PeriodicKey.all.map(\.name)
            let near = NearestName.suggest(entry.name, among: names).map { "; did you mean '\($0)'?" } ?? ""
            throw SettingsComplaint("is not known of periodic tasks\(near)")
        }
        // A number of seconds may stand without quotes.
        let text =
            switch entry.value {
            case .text(let text): text
            case .whole(let number): String(number)
            case .number(let number): "\(number)"
            default: throw SettingsComplaint("must be text in quotes, not \(entry.value.sort)")
            }
        if let complaint = draft.take(key, text) { throw SettingsComplaint(complaint) }
    }

    private static func object(_ input: SettingsInput) throws(SettingsComplaint) -> JSONObject {
        guard let object = try json(input).objectValue else { throw SettingsComplaint("must be a table, not \(input.shown)") }
        return object
    }

    private static func json(_ input: SettingsInput) throws(SettingsComplaint) -> JSON {
        switch input {
        case .text(let text), .word(let text): return .string(text)
        case .whole(let number): return .int(Int64(number))
        case .number(let number): return .double(number)
        case .truth(let value): return .bool(value)
        case .list(let elements):
            var list: [JSON] = []
            for element in elements { list.append(try json(element)) }
            return .array(list)
        case .table(let members):
            var object: JSONObject = [:]
            for member in members { object[member.name] = try json(member.value) }
            return .object(object)
        case .other(let what): throw SettingsComplaint("holds \(what), which JSON does not have; write it as text in quotes")
        }
    }
}
