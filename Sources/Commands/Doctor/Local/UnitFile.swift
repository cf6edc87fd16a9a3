import CeleryCore
import Glibc
import Processes

/// A unit of systemd, as far as it matters here: what its section `[Service]` says, with its drop-in files.
struct UnitFile: Sendable {
    /// `celeryd@demo.service`.
    var name: String
    var path: String
    /// The last value of each key.
    private(set) var values: [String: String] = [:]

    /// Bytes of a unit that are read.
    private static let limit = 64 << 10

    /// - Parameter drops: Folders of further files, `NAME.d`.
    init?(name: String, path: String, drops: [String] = []) {
        self.name = name
        self.path = path
        guard let text = Self.text(path) else { return nil }
        read(text)
        for folder in drops {
            for file in FolderNames.of(folder) where file.hasSuffix(".conf") { Self.text("\(folder)/\(file)").map { read($0) } }
        }
    }

    init(name: String, text: String) {
        (self.name, path) = (name, name)
        read(text)
    }

    private static func text(_ path: String) -> String? {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0, let bytes = try? OwnedDescriptor(owning: number).readToEnd(limit: limit) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func read(_ text: String) {
        var isService = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.hasPrefix("[") { isService = line == "[Service]" }
            guard isService, !line.hasPrefix("#"), !line.hasPrefix(";"), let mark = line.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
            values[String(line[..<mark].trimmed)] = expanded(String(line[line.utf8.index(after: mark)...].trimmed))
        }
    }

    /// The part of the name after `@`.
    private var instance: String {
        let base = name.hasSuffix(".service") ? name.dropLast(".service".count) : name[...]
        return base.utf8.firstIndex(of: UInt8(ascii: "@")).map { String(base[base.utf8.index(after: $0)...]) } ?? ""
    }

    private func expanded(_ text: String) -> String { text.replacing(text: "%i", with: instance).replacing(text: "%I", with: instance) }

    /// Whether the service runs a daemon of this program in a project.
    func runs(in project: String) -> Bool {
        let command = values["ExecStart"] ?? ""
        guard command.contains(text: "celery") else { return false }
        let folder = values["WorkingDirectory"].map { $0.hasSuffix("/") && $0 != "/" ? String($0.dropLast()) : $0 }
        return folder == project || command.contains(text: project + "/") || command.hasSuffix(project)
    }

    /// Whether it is the worker.
    var isWorker: Bool { (values["ExecStart"] ?? "").contains(text: "celeryd") }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let blanks: [UInt8] = [0x20, 0x09, 0x0D]
        let start = utf8.firstIndex { !blanks.contains($0) } ?? endIndex
        let end = utf8.lastIndex { !blanks.contains($0) }.map { utf8.index(after: $0) } ?? startIndex
        return start < end ? self[start..<end] : ""
    }
}
