import Glibc

/// The processes that a test has started, by a variable they all carry.
enum Leftovers {
    static let variable = "CELERY_TEST_PROJECT"

    /// Processes of a project, also those that went into sessions of their own.
    static func processes(of project: String) -> [Int32] {
        let mark = Array("\(variable)=\(project)".utf8)
        return numbers().filter { number in
            number != getpid() && content("/proc/\(number)/environ").split(separator: 0).contains { $0.elementsEqual(mark) }
        }
    }

    /// Ends them, for good.
    static func kill(of project: String) {
        while case let found = processes(of: project), !found.isEmpty {
            for number in found { Glibc.kill(number, SIGKILL) }
        }
    }

    /// The process that started it, as /proc/N/stat has it after the name in parentheses.
    static func parent(of number: Int32) -> Int32? {
        let text = String(decoding: content("/proc/\(number)/stat"), as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split(separator: " ")
        return fields.count > 2 ? Int32(fields[2]) : nil
    }

    private static func numbers() -> [Int32] {
        guard let handle = opendir("/proc") else { return [] }
        defer { closedir(handle) }
        var numbers: [Int32] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Int32(name) { numbers.append(number) }
        }
        return numbers
    }

    /// A file of /proc, which tells no size.
    static func content(_ path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        return bytes
    }
}
