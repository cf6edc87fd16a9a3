import CeleryCore

/// Reads the tables `[task.NAME]` of a settings file.
struct HTTPTaskTable {
    /// The name of the enclosing table.
    static let name = "task"

    private let tables: NamedTables

    /// - Parameter shown: the name of the file in errors.
    init(_ document: TOMLDocument, shown: String) {
        tables = NamedTables(kind: Self.name, document: document, file: shown)
    }

    private static let form = "write [task.NAME] on a line, and url = \"https://...\" below it; quote a NAME with dots"

    /// The HTTP tasks, by name.
    ///
    /// - Parameter value: the value of `task` in the file.
    func sections(of value: SettingsInput) throws(SettingsError) -> [HTTPTaskSection] {
        guard case .table(let members) = value else {
            throw SettingsError(.badValue, at: tables.place(of: []), "task must be a table of HTTP tasks, not \(value.sort)", hint: Self.form)
        }
        var sections: [HTTPTaskSection] = []
        var names: Set<String> = []
        for member in members {
            guard names.insert(member.name).inserted else {
                throw tables.error(in: member.name, at: [], .contradiction, "is defined twice")
            }
            sections.append(try section(member))
        }
        return sections
    }

    private func section(_ member: SettingsInput.Member) throws(SettingsError) -> HTTPTaskSection {
        let name = member.name
        do throws(SettingsComplaint) {
            _ = try SettingsKind<String>.name.read(.text(name))
        } catch {
            throw SettingsError(.badValue, at: tables.place(of: [name]), "the name of a task \(error.text)")
        }
        guard !name.hasPrefix("celery.") else {
            throw tables.error(in: name, at: [], .badValue, "has a name that begins with celery., as only tasks of celery itself do")
        }
        guard case .table(let keys) = member.value else {
            let what = "task.\(NamedTables.shown(name)) must be a table, not \(member.value.sort)"
            throw SettingsError(.badValue, at: tables.place(of: [name]), what, hint: Self.form)
        }
        var draft = HTTPTaskDraft()
        for key in keys {
            do throws(SettingsComplaint) {
                try draft.take(key)
            } catch {
                let code: SettingsError.Code = HTTPTaskDraft.isKnown(key.name) ? .badValue : .unknownSetting
                throw tables.error(in: name, at: [key.name], code, "\(key.name.forLog) \(error.text)", hint: error.hint ?? hint(for: key, of: name))
            }
        }
        guard let address = draft.address else {
            throw tables.error(in: name, at: [], .badValue, "has no url", hint: "write url = \"https://...\"")
        }
        var section = HTTPTaskSection(name: name, place: tables.place(of: [name]), address: address)
        section.method = draft.method
        section.headers = draft.headers
        section.timeout = draft.timeout
        section.options = draft.options
        if let complaint = draft.complaint { throw tables.error(in: name, at: [], .contradiction, complaint) }
        return section
    }

    /// `[task.shop.resize]` is a table `resize` in the table of the task `shop`.
    private func hint(for key: SettingsInput.Member, of name: String) -> String? {
        guard case .table(let members) = key.value, members.contains(where: { $0.name == "url" }) else { return nil }
        return "a task called \(name).\(key.name) is [task.\"\(name).\(key.name)\"]"
    }
}
