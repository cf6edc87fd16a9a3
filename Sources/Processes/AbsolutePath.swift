import Glibc

/// Makes paths independent of the current folder.
package enum AbsolutePath {
    /// `path`, preceded by the current folder if it is relative. Symbolic links and `..` are not resolved.
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
