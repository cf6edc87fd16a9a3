import Glibc

/// Searches for programs.
enum ProgramSearch {
    /// The path of a program on PATH or in the folders for administrators, which are often not on PATH.
    static func find(_ name: String, path: String?) -> String? {
        let folders = (path ?? "").split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        return folders.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
