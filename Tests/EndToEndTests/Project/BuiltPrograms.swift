import Glibc

/// The programs under test: they stand beside the test bundle.
enum BuiltPrograms {
    static let folder: String = {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return "/" + String(decoding: buffer[..<count], as: UTF8.self).split(separator: "/").dropLast().joined(separator: "/")
    }()

    static let celery = "\(folder)/celery"
}
