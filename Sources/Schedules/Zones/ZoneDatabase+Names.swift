import Glibc

extension ZoneDatabase {
    /// The names of all zones of the database, sorted; empty without one. Reads the folder each time.
    public var names: [String] {
        var found: [String] = []
        collect("", depth: 0, into: &found)
        return found.sorted()
    }

    /// Folders are nested at most this deep: `America/Argentina/Ushuaia`.
    private static let deepest = 3
    /// Not zones: second copies of all of them, and links that vary.
    private static let leftOut: Set<String> = ["posix", "right", "posixrules", "localtime"]

    private func collect(_ prefix: String, depth: Int, into found: inout [String]) {
        guard depth < Self.deepest, let entries = opendir("\(folder)/\(prefix)") else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) { String(cString: $0) }
            }
            guard Self.isName(name), depth > 0 || !Self.leftOut.contains(name) else { continue }
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

    /// The folder also holds tables, which are text.
    private func beginsAsZone(_ path: String) -> Bool {
        let file = open("\(folder)/\(path)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        var magic: [UInt8] = [0, 0, 0, 0]
        return read(file, &magic, 4) == 4 && magic.elementsEqual("TZif".utf8)
    }
}
