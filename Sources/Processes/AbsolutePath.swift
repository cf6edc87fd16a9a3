import Glibc

/// Paths that keep their meaning when the process changes its folder.
package enum AbsolutePath {
    /// `path`, with the current folder before it if it is relative. Nothing is looked up or shortened.
    ///
    /// The corresponding C function is `getcwd`.
    package static func of(_ path: String) throws(SystemError) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { throw SystemError(errno, "find the current folder") }
        defer { free(folder) }
        let base = String(cString: folder)
        return base == "/" ? "/\(path)" : "\(base)/\(path)"
    }
}
