import Arguments
import Foundation
import Testing

@testable import Commands

/// What the README shows beside its tour, which the end-to-end tests run.
@Suite struct ReadmeTests {
    private let text: String

    init() throws {
        text = try String(contentsOf: GeneratedFile.checkout.appending(path: "README.md"), encoding: .utf8)
    }

    /// The fenced blocks of a language.
    private func blocks(_ language: String) -> [String] {
        text.split(separator: "```\(language)\n").dropFirst().map { String($0[..<($0.range(of: "```")?.lowerBound ?? $0.endIndex)]) }
    }

    @Test func `its Swift is that of the example program`() throws {
        let folder = GeneratedFile.checkout.appending(path: "Sources/Example")
        let sources = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
        #expect(blocks("swift").count == 2)
        for block in blocks("swift") { #expect(sources.contains { $0.contains(block) }, "\(block)") }
    }

    @Test func `it tells every exit status`() {
        for status in CeleryTable.table.exitStatuses { #expect(text.contains("| \(status.status) |"), "\(status.status)") }
    }
}
