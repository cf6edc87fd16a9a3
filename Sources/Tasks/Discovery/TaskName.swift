/// The rules for names of tasks that are files.
enum TaskName {
    /// Whether one part of a dotted name consists of ASCII letters, digits, `_` and `-`.
    static func isValidPart(_ part: some StringProtocol) -> Bool {
        !part.isEmpty
            && part.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "-")
            }
    }

    /// A file's name without its last extension.
    static func stem(of file: String) -> String {
        guard let dot = file.lastIndex(of: "."), dot > file.startIndex else { return file }
        return String(file[..<dot])
    }

    /// Whether a file belongs to tools: hidden files, compiled Python, editor backups.
    static func isForTools(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasPrefix("#") || name.hasSuffix("~") || name == "__pycache__"
            || [".pyc", ".bak", ".orig", ".rej", ".swp"].contains(where: name.hasSuffix)
    }
}
