import CeleryCore
import Schedules

/// Reads the tables `[beat.NAME]` of a settings file.
struct PeriodicTable {
    /// The name of the enclosing table.
    static let name = "beat"

    private let tables: NamedTables

    /// - Parameter shown: the name of the file in errors.
    init(_ document: TOMLDocument, shown: String) {
        tables = NamedTables(kind: Self.name, document: document, file: shown)
    }

    /// The periodic tasks, by name.
    ///
    /// - Parameter value: the value of `beat` in the file.
    func sections(of value: SettingsInput) throws(SettingsError) -> [PeriodicSection] {
        guard case .table(let members) = value else {
            throw SettingsError(
                .badValue, at: tables.place(of: []), "beat must be a table of periodic tasks, not \(value.sort)", hint: Self.form)
        }
        var sections: [PeriodicSection] = []
        // TOML distinguishes canonically equivalent names, which look the same to people.
        var names: Set<String> = []
        for member in members {
            guard names.insert(member.name).inserted else {
                throw tables.error(in: member.name, at: [], .contradiction, "is defined twice")
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
            throw SettingsError(.badValue, at: tables.place(of: [name]), "the name of a periodic task \(error.text)")
        }
        guard case .table(let keys) = member.value else {
            let what = "beat.\(NamedTables.shown(name)) must be a table, not \(member.value.sort)"
            throw SettingsError(.badValue, at: tables.place(of: [name]), what, hint: Self.form)
        }
        var draft = PeriodicSectionDraft()
        for key in keys {
            do throws(SettingsComplaint) {
                try draft.take(key)
            } catch {
                let code: SettingsError.Code = PeriodicSectionDraft.isKnown(key.name) ? .badValue : .unknownSetting
                throw tables.error(in: name, at: [key.name], code, error.text)
            }
        }
        guard let task = draft.task else {
            throw tables.error(in: name, at: [], .badValue, "names no task", hint: "write task = \"...\"")
        }
        return PeriodicSection(
            name: name, place: tables.place(of: [name]), task: task, args: draft.args, kwargs: draft.kwargs,
            options: draft.options, periodic: try periodic(draft, of: name))
    }

    private func periodic(_ draft: PeriodicSectionDraft, of name: String) throws(SettingsError) -> PeriodicOptions {
        do throws(ScheduleError) {
            if draft.saysWhen, let periodic = try draft.periodic.options() { return periodic }
        } catch {
            let code: SettingsError.Code = error.code == .notASchedule ? .contradiction : .badValue
            throw tables.error(in: name, at: Self.key(of: error).map { [$0] } ?? [], code, error.message, hint: error.hint)
        }
        throw tables.error(in: name, at: [], .badValue, "has no schedule", hint: "write every = \"10m\" or crontab = \"*/5 * * * *\"")
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
}
