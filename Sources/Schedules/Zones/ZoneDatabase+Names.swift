import Glibc

extension ZoneDatabase {
    /// The names of all zones in the database, sorted; empty without a database. Reads the folder on each access.
    public var names: [String] {
        var found: [String] = []
        collect("", depth: 0, into: &found)
        return found.sorted()
    }

    /// Maximum depth of nested folders: `America/Argentina/Ushuaia`.
    private static let maximumDepth = 3
    /// Entries that are not zones: copies of the whole database, and machine-specific links.
    private static let excluded: Set<String> = ["posix", "right", "posixrules", "localtime"]

    private func collect(_ prefix: String, depth: Int, into found: inout [String]) {
        guard depth < Self.maximumDepth, let entries = opendir("\(folder)/\(prefix)") else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) { String(cString: $0) }
            }
            guard Self.isName(name), depth > 0 || !Self.excluded.contains(name) else { continue }
            let path = prefix + name
            var status = stat()
            guard stat("\(folder)/\(path)", &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                collect(path + "/", depth: depth + 1, into: &found)
            } else if beginsAsZone(path) {
                found.append(path)
            }
        }
    }

    /// Whether a file begins like a zone. The folder also contains text files.
    private func beginsAsZone(_ path: String) -> Bool {
        let file = open("\(folder)/\(path)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        var magic: [UInt8] = [0, 0, 0, 0]
        return read(file, &magic, 4) == 4 && magic.elementsEqual("TZif".utf8)
    }
}
