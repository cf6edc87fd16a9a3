import Glibc

/// The names of the files in a folder.
package enum FolderNames {
    /// - Returns: The names, sorted, `.` and `..` among them; none when the folder cannot be read.
    ///
    /// The corresponding C functions are `opendir` and `readdir`.
    package static func of(_ folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            names.append(withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
        }
        return names.sorted()
    }
}
