import Glibc

/// Finds and reads `celery.toml`.
package enum SettingsFile {
    package static let name = "celery.toml"

    /// Larger files are refused.
    static let maximumBytes = 1 << 20

    /// The nearest `celery.toml` in `folder` (absolute) or a folder above it.
    package static func find(from folder: String) -> String? {
        var place = folder
        while true {
            let candidate = absolute(name, in: place)
            var status = stat()
            if stat(candidate, &status) == 0, status.st_mode & S_IFMT != S_IFDIR { return candidate }
            guard let slash = place.lastIndex(of: "/"), place != "/" else { return nil }
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
    }

    /// `path` as an absolute path, relative to `folder` (absolute).
    package static func absolute(_ path: String, in folder: String) -> String {
        if path.hasPrefix("/") { return path }
        let trimmed = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return folder.hasSuffix("/") ? folder + trimmed : folder + "/" + trimmed
    }

    /// The folder that contains a file.
    static func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/"), slash > file.startIndex else { return "/" }
        let folder = String(file[..<slash])
        // Resolve the path only if it contains "..": otherwise paths stay as written.
        guard folder.split(separator: "/").contains(".."), let real = realpath(folder, nil) else { return folder }
        defer { free(real) }
        return String(cString: real)
    }

    /// The text of a file that is named `shown` in errors.
    static func text(of file: String, shown: String) throws(SettingsError) -> String {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(shown, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(shown, errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw SettingsError(.unreadable, "cannot read \(shown): it is a folder")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(shown, errno) }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= maximumBytes else {
                throw SettingsError(.unreadable, "cannot read \(shown): it is larger than 1 MiB")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsError(.syntax, "cannot read \(shown): it is not UTF-8 text")
        }
        return text
    }

    private static func unreadable(_ shown: String, _ number: Int32) -> SettingsError {
        let reason = String(cString: strerror(number)).lowercased()
        return SettingsError(
            number == EACCES ? .noPermission : .unreadable, "cannot read \(shown): \(reason)")
    }
}
