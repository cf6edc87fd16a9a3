import CeleryCore

/// Reads the tables `[task.NAME]` of a settings file.
struct HTTPTaskTable {
    /// The name of the enclosing table.
    static let name = "task"

    private let document: TOMLDocument
    private let shown: String

    /// - Parameter shown: the name of the file in errors.
    init(_ document: TOMLDocument, shown: String) {
        self.document = document
        self.shown = shown
    }

    private static let form = "write [task.NAME] on a line, and url = \"https://...\" below it; quote a NAME with dots"

    /// The HTTP tasks, by name.
    ///
    /// - Parameter value: the value of `task` in the file.
    func sections(of value: SettingsInput) throws(SettingsError) -> [HTTPTaskSection] {
        guard case .table(let members) = value else {
            throw SettingsError(.badValue, at: place(of: []), "task must be a table of HTTP tasks, not \(value.sort)", hint: Self.form)
        }
        var sections: [HTTPTaskSection] = []
        var names: Set<String> = []
        for member in members {
            guard names.insert(member.name).inserted else {
                throw error(in: member.name, at: [], .contradiction, "is defined twice")
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
            throw SettingsError(.badValue, at: place(of: [name]), "the name of a task \(error.text)")
        }
        guard !name.hasPrefix("celery.") else {
            throw error(in: name, at: [], .badValue, "has a name that begins with celery., as only tasks of celery itself do")
        }
        guard case .table(let keys) = member.value else {
            let what = "task.\(Self.shown(name)) must be a table, not \(member.value.sort)"
            throw SettingsError(.badValue, at: place(of: [name]), what, hint: Self.form)
        }
        var draft = HTTPTaskDraft()
        for key in keys {
            do throws(SettingsComplaint) {
                try draft.take(key)
            } catch {
                let code: SettingsError.Code = HTTPTaskDraft.isKnown(key.name) ? .badValue : .unknownSetting
                throw self.error(in: name, at: [key.name], code, "\(key.name.forLog) \(error.text)", hint: error.hint ?? hint(for: key, of: name))
            }
        }
        guard let address = draft.address else {
            throw error(in: name, at: [], .badValue, "has no url", hint: "write url = \"https://...\"")
        }
        var section = HTTPTaskSection(name: name, place: place(of: [name]), address: address)
        section.method = draft.method
        section.headers = draft.headers
        section.timeout = draft.timeout
        section.options = draft.options
        if let complaint = draft.complaint { throw error(in: name, at: [], .contradiction, complaint) }
        return section
    }

    /// `[task.shop.resize]` is a table `resize` in the table of the task `shop`.
    private func hint(for key: SettingsInput.Member, of name: String) -> String? {
        guard case .table(let members) = key.value, members.contains(where: { $0.name == "url" }) else { return nil }
        return "a task called \(name).\(key.name) is [task.\"\(name).\(key.name)\"]"
    }

    /// - Parameter path: the path of a key in the table, for its line number.
    private func error(
        in name: String, at path: [String], _ code: SettingsError.Code, _ message: String, hint: String? = nil
    ) -> SettingsError {
        SettingsError(code, at: place(of: [name] + path), "[task.\(Self.shown(name))] \(message)", hint: hint)
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
