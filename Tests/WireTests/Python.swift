import Foundation

/// Runs the machine's Python, which has the last word on its own dialect.
enum Python {
    struct Failed: Error {
        var status: Int32
    }

    /// Runs a script with the standard library only, and returns the lines it printed.
    static func lines(_ script: String, input: [UInt8] = []) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "python-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let inputFile = folder.appending(path: "input")
        let outputFile = folder.appending(path: "output")
        try Data(input).write(to: inputFile)
        try Data().write(to: outputFile)

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-I", "-X", "utf8", "-c", script]
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
        let output = String(decoding: try Data(contentsOf: outputFile), as: UTF8.self)
        return output.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }
}
