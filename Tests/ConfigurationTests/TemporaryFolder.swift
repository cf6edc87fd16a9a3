import Glibc
import Testing

/// A folder that is gone when the test is over.
final class TemporaryFolder {
    let path: String

    init() {
        var template = Array("/tmp/celery-tests-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
        chmod(path, 0o755)
    }

    deinit { Self.remove(path) }

    /// Writes a file, making folders on the way; returns its path.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o644) -> String {
        let parts = name.split(separator: "/")
        var folder = path
        for part in parts.dropLast() {
            folder += "/" + part
            mkdir(folder, 0o755)
        }
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        chmod(file, mode)
        return file
    }

    private static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            chmod(path, 0o700)
            if let handle = opendir(path) {
                var names: [String] = []
                while let entry = readdir(handle) {
                    names.append(
                        withUnsafePointer(to: &entry.pointee.d_name) {
                            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                        })
                }
                closedir(handle)
                for name in names where name != "." && name != ".." { remove(path + "/" + name) }
            }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}

/// Runs a check as a user whom file modes bind.
///
/// Root reads and enters everything; for this one thread the file system is then asked as
/// `nobody`. The corresponding C function is `setfsuid`, which the Glibc module leaves out.
func asOrdinaryUser<T>(_ check: () throws -> T) throws -> T {
    guard geteuid() == 0 else { return try check() }
    let address = try #require(dlsym(nil, "setfsuid"))
    let setfsuid = unsafeBitCast(address, to: (@convention(c) (uid_t) -> CInt).self)
    _ = setfsuid(65_534)
    defer { _ = setfsuid(0) }
    return try check()
}
