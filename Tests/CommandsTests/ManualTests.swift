import Foundation
import Testing

/// Every page of the manual, as the two readers of manuals see it.
@Suite struct ManualTests {
    static let pages = (try? GeneratedFile.names(in: "man")) ?? []

    @Test func `has a page for the program, each command, the settings and the concepts`() {
        #expect(Self.pages.count == GeneratedFile.all.filter { $0.path.hasPrefix("man/") }.count + GeneratedFile.handwritten.count)
    }

    @Test(arguments: pages) func `neither mandoc nor groff complains`(_ page: String) throws {
        let file = GeneratedFile.checkout.appending(path: "man/\(page)").path
        #expect(try run(["mandoc", "-T", "lint", "-W", "warning", file]) == "")
        let read = try run(["man", "--warnings", "-l", file], errorsOnly: true)
        #expect(read == "")
    }

    @Test(arguments: ["celery.toml.5", "celery.7", "celery-apply.1"]) func `can be read`(_ page: String) throws {
        let file = GeneratedFile.checkout.appending(path: "man/\(page)").path
        let text = try run(["man", "-l", file])
        #expect(text.contains("NAME"))
        #expect(text.contains("SEE ALSO"))
        #expect(text.split(separator: "\n").count > 50)
    }

    /// What a program prints, on both streams or on stderr alone.
    private func run(_ words: [String], errorsOnly: Bool = false) throws -> String {
        let output = FileManager.default.temporaryDirectory.appending(path: "manual-\(UUID().uuidString)")
        try Data().write(to: output)
        defer { try? FileManager.default.removeItem(at: output) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-ww", "MANWIDTH": "100"]
        let handle = try FileHandle(forWritingTo: output)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = errorsOnly ? FileHandle.nullDevice : handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        if !errorsOnly { #expect(process.terminationStatus == 0, "\(words)") }
        return try String(contentsOf: output, encoding: .utf8)
    }
}
