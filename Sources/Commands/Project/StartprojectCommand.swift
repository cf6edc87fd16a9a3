import CeleryCore
import Arguments
import Glibc

/// `celery startproject`: creates a project.
enum StartprojectCommand {
    static let command = Command(
        CommandSpec(
            "startproject", section: "Project", summary: "Create a project with example tasks",
            discussion: ["Creates the folder NAME with a celery.toml and an app of the same name, whose tasks folder contains small example programs. Existing files are never changed."],
            operands: [Operand("NAME", help: "Name of the project: letters, digits and _.")],
            examples: [Example("celery startproject demo && cd demo && celery tasks", "Create a project and list its tasks.")],
            exitStatuses: CeleryTable.statuses("0", "64", "73", "77"),
            outputKeys: [OutputKey("file", "The path of a created file.")]),
        run: run)

    private static func run(_ context: CommandContext) async throws -> Int32 {
        let name = context.arguments.operands[0]
        guard let first = name.first, first.isASCII, first.isLetter,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        else {
            throw ArgumentError("\(ArgumentError.quote(name)) is not a project name; use letters, digits and _, beginning with a letter")
        }
        try makeFolder(name, mustBeNew: true)
        try makeFolder("\(name)/\(name)")
        try makeFolder("\(name)/\(name)/tasks")
        for file in ProjectTemplate.files(name) {
            try write(file, under: name)
            context.output.record(["file": .string("\(name)/\(file.path)")], text: "\(name)/\(file.path)")
        }
        context.output.note("next: cd \(name) && celery celeryd --detach && celery apply \(name).tasks.add 2 3 --wait")
        return ExitCode.done
    }

    private static func makeFolder(_ path: String, mustBeNew: Bool = false) throws {
        // Writable by nobody else, whatever the umask allows: programs in it run as tasks.
        if mkdir(path, 0o755) == 0 { return }
        let code = errno
        if code == EEXIST && !mustBeNew { return }
        let reason = String(cString: strerror(code)).lowercased()
        throw CommandError(code == EACCES ? ExitCode.noPermission : ExitCode.cannotCreate, "cannot create folder \(path): \(reason)")
    }

    private static func write(_ file: ProjectTemplate.File, under folder: String) throws {
        let path = "\(folder)/\(file.path)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.isExecutable ? 0o755 : 0o644)
        let bytes = Array(file.text.utf8)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw CommandError(ExitCode.cannotCreate, "cannot create \(path): \(String(cString: strerror(errno)).lowercased())")
        }
    }
}
