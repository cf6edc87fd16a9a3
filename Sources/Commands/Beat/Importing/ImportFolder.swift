import CeleryCore
import Glibc
import Processes

/// The tasks folder that a crontab is imported into.
struct ImportFolder {
    private let app: String
    private let project: String
    /// The folder, relative to the project's.
    private let path: String
    /// The existing files by task name: the file name without its extension.
    private let present: [String: String]

    /// - Throws: `CommandError` for a name that no app can have.
    init(app: String, project: String) throws {
        let parts = app.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isLetter) }) else {
            throw CommandError(ExitCode.usage, "'\(app.forLog)' is not the name of an app: use letters, digits, _ and -, separated by dots")
        }
        self.app = app
        self.project = project.hasSuffix("/") ? project : project + "/"
        path = parts.joined(separator: "/") + "/tasks"
        var present: [String: String] = [:]
        for name in FolderNames.of(self.project + path) {
            present[name.lastIndex(of: ".").map { $0 > name.startIndex ? String(name[..<$0]) : name } ?? name] = name
        }
        self.present = present
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    func taskName(_ task: ImportedTask) -> String { "\(app).tasks.\(task.name)" }
    func file(_ task: ImportedTask) -> String { "\(path)/\(task.name).sh" }

    /// The existing file with the task's name, relative to the project's folder.
    func clash(with task: ImportedTask) -> String? { present[task.name].map { "\(path)/\($0)" } }

    /// Writes the programs. Never overwrites a file.
    func write(_ tasks: [ImportedTask]) throws {
        if tasks.isEmpty { return }
        var folder = project
        for part in path.split(separator: "/") {
            folder += part + "/"
            if mkdir(folder, 0o777) != 0, errno != EEXIST { throw SystemError(errno, "create folder", path: folder) }
        }
        for task in tasks {
            let file = project + self.file(task)
            let number = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o777)
            guard number >= 0 else { throw SystemError(errno, "create", path: file) }
            let descriptor = OwnedDescriptor(owning: number)
            defer { descriptor.close() }
            try descriptor.write(task.text)
        }
    }
}
