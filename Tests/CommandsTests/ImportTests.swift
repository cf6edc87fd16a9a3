import Foundation
import Testing

/// What the sources may import.
@Suite struct ImportTests {
    /// Whether a line of Swift imports Foundation, or a declaration of it.
    private static func importsFoundation(_ line: Substring) -> Bool {
        let words = line.split(separator: " ").map(String.init)
        guard let index = words.firstIndex(of: "import"), !words[0].hasPrefix("//") else { return false }
        return words[index...].contains { $0 == "Foundation" || $0.hasPrefix("Foundation.") }
    }

    @Test func `a line that imports Foundation is known`() {
        for line in ["import Foundation", "package import Foundation", "@preconcurrency import Foundation", "import struct Foundation.Data"] {
            #expect(Self.importsFoundation(line[...]))
        }
        for line in ["import FoundationEssentials", "// import Foundation", "let import1 = Foundation"] {
            #expect(!Self.importsFoundation(line[...]))
        }
    }

    @Test func `no source imports Foundation, whose ICU data alone are larger than all of celery`() throws {
        let sources = GeneratedFile.checkout.appending(path: "Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        #expect(files.count > 300)
        let importers = try files.filter { file in
            try String(contentsOf: file, encoding: .utf8).split(separator: "\n").contains(where: Self.importsFoundation)
        }
        #expect(importers.map(\.lastPathComponent) == [])
    }
}
