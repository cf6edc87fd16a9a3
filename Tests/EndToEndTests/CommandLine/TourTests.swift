import Foundation
import Testing

@Suite(.blocking) struct TourTests {
    @Test(.timeLimit(.minutes(2))) func `the tour of the README prints what it says`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let tour = Tour(readme: try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8))
        try #require(tour.steps.count > 15)

        let folder = FileManager.default.temporaryDirectory.appending(path: "celery-tour-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try tour.script.write(to: folder.appending(path: "tour.sh"), atomically: true, encoding: .utf8)
        let output = folder.appending(path: "output")
        try Data().write(to: output)

        let shell = Process()
        // What other tests use ignores SIGPIPE in this process, which a shell would pass on.
        shell.executableURL = URL(filePath: "/usr/bin/env")
        shell.arguments = ["--default-signal=PIPE", "/bin/bash", folder.appending(path: "tour.sh").path]
        shell.currentDirectoryURL = folder
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("CELERY") }
        environment["PATH"] = "\(try binaries().path):\(environment["PATH"] ?? "/usr/bin:/bin")"
        shell.environment = environment
        // A file, not a pipe: the worker that the tour starts may outlive the shell.
        shell.standardOutput = try FileHandle(forWritingTo: output)
        shell.standardError = shell.standardOutput
        shell.standardInput = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()

        let printed = Tour.outputs(try String(contentsOf: output, encoding: .utf8))
        try #require(printed.count == tour.steps.count)
        for (step, lines) in zip(tour.steps, printed) {
            let agrees = lines.count == step.expected.count && zip(lines, step.expected).allSatisfy { Tour.matches($0, $1) }
            #expect(agrees, "$ \(step.command)\nexpected \(step.expected)\nprinted \(lines)")
        }
    }

    @Test func `a pattern matches what it stands for`() {
        #expect(Tour.matches("id\tSUCCESS", "...\tSUCCESS"))
        #expect(Tour.matches("abc", "abc"))
        #expect(Tour.matches("pid 12 up 3s", "pid ... up ..."))
        #expect(!Tour.matches("id\tFAILURE", "...\tSUCCESS"))
        #expect(!Tour.matches("pid 12 down 3s", "pid ... up ..."))
        #expect(!Tour.matches("abcd", "abc"))
    }

    /// The folder of the built programs: where the test bundle lies.
    private func binaries() throws -> URL {
        let candidates = [Bundle.main.executableURL, Bundle.allBundles.last?.bundleURL, URL(filePath: CommandLine.arguments[0])]
        for case let candidate? in candidates {
            let folder = candidate.deletingLastPathComponent()
            if FileManager.default.isExecutableFile(atPath: folder.appending(path: "celery").path) { return folder }
        }
        throw CocoaError(.fileNoSuchFile)
    }
}
