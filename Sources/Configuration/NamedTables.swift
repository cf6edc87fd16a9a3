import CeleryCore

/// Tables of a settings file that have names, such as `[beat.NAME]`: where they stand, and what is wrong with them.
struct NamedTables {
    /// The name of the enclosing table.
    let kind: String
    let document: TOMLDocument
    /// The name of the file in errors.
    let file: String

    /// - Parameter path: The path of a key in the table, for its line number; the line of the table is used for unknown keys.
    func error(
        in name: String, at path: [String], _ code: SettingsError.Code, _ message: String, hint: String? = nil
    ) -> SettingsError {
        SettingsError(code, at: place(of: [name] + path), "[\(kind).\(Self.shown(name))] \(message)", hint: hint)
    }

    func place(of path: [String]) -> String {
        SettingsOrigin.file(file, line: document.line(of: [kind] + path)).description
    }

    /// A name as in a TOML header, quoted if necessary.
    static func shown(_ name: String) -> String {
        let isBare = !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "_-".utf8.contains(byte)
            }
        return isBare ? name : "\"\(name.forLog)\""
    }
}
