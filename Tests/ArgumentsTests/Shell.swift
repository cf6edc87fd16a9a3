import Foundation
import Testing

@testable import Arguments

/// A place to try completions in: the rendered scripts, and a made-up `celery` first on the PATH.
struct Shell: ~Copyable {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "arguments-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory.appending(path: "bin"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: directory.appending(path: "work/folder"), withIntermediateDirectories: true)
        try write("bin/celery", Self.celery)
        try write("celery.bash", BashCompletion.render(MadeUp.table))
        try write("_celery", ZshCompletion.render(MadeUp.table))
        try write("celery.fish", FishCompletion.render(MadeUp.table))
        try write("work/alpha.toml", "")
        try write("work/folder/beta.toml", "")
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Lists candidates as the real program does, by the settings it is given; else writes down its arguments.
    static let celery = #"""
        #!/bin/sh
        echo "noise on stderr" >&2
        case " $* " in
            *" --settings other.toml"*" __complete tasks "* | *" --settings=other.toml"*" __complete tasks "*) echo other.task ;;
            *" --settings $HOME/other.toml "*"__complete tasks "*) echo home.task ;;
            *" __complete tasks "*) printf '%s\n' images.make images.shrink mail.send ;;
            *" __complete queues "*) printf '%s\n' bulk images 'a:b' ;;
            *" __complete ids 222"*) printf '%s\n' 22222222-older ;;
            *" __complete dead "*) printf '%s\n' 33333333-dead ;;
            *" __complete workers celery@web1,"*) echo celery@web1,celery@web2 ;;
            *" __complete workers "*) printf '%s\n' celery@web1 celery@web2 ;;
            *" __complete ids "*) printf '%s\n' 11111111-aaaa 22222222-bbbb ;;
            *) for word in "$@"; do printf '%s\n' "$word"; done >"$ARGUMENTS_FILE" ;;
        esac
        """#

    func write(_ name: String, _ text: String) throws {
        let file = directory.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    /// The lines that a program prints. It must be installed, say nothing on stderr and exit with 0.
    func run(_ program: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws -> [String] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // A shell that waits for more than it gets must not hold up the tests for ever.
        process.arguments = ["timeout", "60", program] + arguments
        process.currentDirectoryURL = directory.appending(path: "work")
        process.environment = [
            "PATH": "\(directory.path)/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
            "HOME": directory.path, "XDG_CONFIG_HOME": directory.path, "XDG_DATA_HOME": directory.path,
            "TERM": "xterm", "LC_ALL": "C.UTF-8", "ARGUMENTS_FILE": "\(directory.path)/arguments",
            "MANROFFOPT": "-ww",
        ]
        let outputURL = directory.appending(path: "output-\(UUID().uuidString)")
        let errorsURL = outputURL.appendingPathExtension("errors")
        for url in [outputURL, errorsURL] { try Data().write(to: url) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: outputURL)
        process.standardError = try FileHandle(forWritingTo: errorsURL)
        try process.run()
        process.waitUntilExit()
        let errors = try String(contentsOf: errorsURL, encoding: .utf8)
        #expect(errors == "", sourceLocation: sourceLocation)
        #expect(process.terminationStatus == 0, "\(program) \(arguments)", sourceLocation: sourceLocation)
        return try String(contentsOf: outputURL, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Types a line in an interactive shell on a terminal, completes it with a tab, and presses return.
    ///
    /// - Parameters:
    ///   - setup: What to type first.
    ///   - line: What to complete; the made-up `celery` then writes its arguments down.
    /// - Returns: The arguments.
    func type(_ line: String, in shell: [String], setup: String) throws -> [String] {
        try? FileManager.default.removeItem(at: directory.appending(path: "arguments"))
        _ = try run("zsh", ["-f", "-c", Self.terminal, "terminal", setup, line] + shell)
        return try String(contentsOf: directory.appending(path: "arguments"), encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// The prompts are written in two parts, so that the echo of the words that set them is not taken for one.
    private static let terminal = #"""
        zmodload zsh/zpty
        zpty terminal env -u PROMPT "${@[3,-1]}"
        zpty -w terminal "PS1='REA''DY'; $1"
        zpty -r terminal seen '*READY*'
        zpty -n -w terminal "$2"$'\t\n'
        zpty -w terminal "echo DO''NE"
        zpty -r terminal seen '*DONE*'
        zpty -d terminal
        """#
}
