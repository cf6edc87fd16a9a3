import CeleryCore
import Schedules

/// Reads the tables `[beat.NAME]` of a settings file.
struct PeriodicTable {
    /// The name of the enclosing table.
    static let name = "beat"

    private let document: TOMLDocument
    private let shown: String

    /// - Parameter shown: the name of the file in errors.
    init(_ document: TOMLDocument, shown: String) {
        self.document = document
        self.shown = shown
    }

    /// The periodic tasks, by name.
    ///
    /// - Parameter value: the value of `beat` in the file.
    func sections(of value: SettingsInput) throws(SettingsError) -> [PeriodicSection] {
        guard case .table(let members) = value else {
            throw SettingsError(
                .badValue, at: place(of: []), "beat must be a table of periodic tasks, not \(value.sort)", hint: Self.form)
        }
        var sections: [PeriodicSection] = []
        // TOML distinguishes canonically equivalent names, which look the same to people.
        var names: Set<String> = []
        for member in members {
            guard names.insert(member.name).inserted else {
                throw error(in: member.name, at: [], .contradiction, "is defined twice")
            }
            sections.append(try section(member))
        }
        return sections
    }

    private static let form = "write [beat.NAME] on a line, and task = \"...\" and every = \"10m\" below it"

    private func section(_ member: SettingsInput.Member) throws(SettingsError) -> PeriodicSection {
        let name = member.name
        do throws(SettingsComplaint) {
            _ = try SettingsKind<String>.name.read(.text(name))
        } catch {
            throw SettingsError(.badValue, at: place(of: [name]), "the name of a periodic task \(error.text)")
        }
        guard case .table(let keys) = member.value else {
            let what = "beat.\(Self.shown(name)) must be a table, not \(member.value.sort)"
            throw SettingsError(.badValue, at: place(of: [name]), what, hint: Self.form)
        }
        var draft = PeriodicSectionDraft()
        for key in keys {
            do throws(SettingsComplaint) {
                try draft.take(key)
            } catch {
                let code: SettingsError.Code = PeriodicSectionDraft.isKnown(key.name) ? .badValue : .unknownSetting
                throw self.error(in: name, at: [key.name], code, error.text)
            }
        }
        guard let task = draft.task else {
            throw error(in: name, at: [], .badValue, "names no task", hint: "write task = \"...\"")
        }
        return PeriodicSection(
            name: name, place: place(of: [name]), task: task, args: draft.args, kwargs: draft.kwargs,
            options: draft.options, periodic: try periodic(draft, of: name))
    }

    private func periodic(_ draft: PeriodicSectionDraft, of name: String) throws(SettingsError) -> PeriodicOptions {
        do throws(ScheduleError) {
            if draft.saysWhen, let periodic = try draft.periodic.options() { return periodic }
        } catch {
            let code: SettingsError.Code = error.code == .notASchedule ? .contradiction : .badValue
            throw self.error(in: name, at: Self.key(of: error).map { [$0] } ?? [], code, error.message, hint: error.hint)
        }
        throw error(in: name, at: [], .badValue, "has no schedule", hint: "write every = \"10m\" or crontab = \"*/5 * * * *\"")
    }

    /// The key with the invalid value.
    private static func key(of error: ScheduleError) -> String? {
        switch error.code {
        case .badInterval: "every"
        case .badField, .badCrontab, .reboot: "crontab"
        case .unknownZone, .unreadableZone: "timezone"
        case .notASchedule: nil
        }
    }

    /// - Parameter path: the path of a key in the table, for its line number; the line of the table is used for unknown keys.
    private func error(
        in name: String, at path: [String], _ code: SettingsError.Code, _ message: String, hint: String? = nil
    ) -> SettingsError {
        SettingsError(code, at: place(of: [name] + path), "[beat.\(Self.shown(name))] \(message)", hint: hint)
    }

    private func place(of path: [String]) -> String {
        SettingsOrigin.file(shown, line: document.line(of: [Self.name] + path)).description
    }

    /// A name as in a TOML header, quoted if necessary.
    private static func shown(_ name: String) -> String {
        let isBare = !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "_-".utf8.contains(byte)
            }
        return isBare ? name : "\"\(name.forLog)\""
    }
}
