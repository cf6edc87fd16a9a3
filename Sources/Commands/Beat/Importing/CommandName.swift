/// The name of a task, made from a command line: `/usr/local/bin/backup.sh --full` is `backup`.
enum CommandName {
    /// Words that precede the program itself, and commands that only prepare the one after `&&`.
    private static let wrappers: Set = ["env", "exec", "nice", "ionice", "nohup", "sudo", "time", "command", "chronic"]
    private static let preludes: Set = ["cd", "test", "[", "[[", "export", ".", "source", "umask", "ulimit", "set", "sleep", "if"]
    private static let lengthLimit = 60

    /// - Parameter taken: names already in use; a number is appended to avoid them.
    static func of(_ command: String, besides taken: Set<String>) -> String {
        let base = stem(of: command)
        guard taken.contains(base) else { return base }
        var number = 2
        while taken.contains("\(base)-\(number)") { number += 1 }
        return "\(base)-\(number)"
    }

    private static func stem(of command: String) -> String {
        let parts = command.split(whereSeparator: { "&;|()`\n".contains($0) }).compactMap(program)
        let names = parts.filter { !preludes.contains($0) }.map(clean)
        return names.first { !$0.isEmpty } ?? "job"
    }

    /// The program that a simple command runs, without its path.
    private static func program(in part: Substring) -> String? {
        for word in part.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
            if word.contains("="), !word.contains("/") || word.firstIndex(of: "=")! < word.firstIndex(of: "/")! { continue }
            if word.hasPrefix("-") { continue }
            let name = String(word.split(separator: "/").last ?? "")
            if name.isEmpty || wrappers.contains(name) { continue }
            return name
        }
        return nil
    }

    /// The name without extension, with `_` for every character that a task name cannot have. May be empty.
    private static func clean(_ name: String) -> String {
        var stem = name
        if let dot = stem.lastIndex(of: "."), dot > stem.startIndex { stem = String(stem[..<dot]) }
        let letters = stem.unicodeScalars.map { scalar -> Character in
            scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" || scalar == "-"
                ? Character(scalar) : "_"
        }
        return String(String(letters.prefix(lengthLimit)).drop { $0 == "_" || $0 == "-" })
    }
}
