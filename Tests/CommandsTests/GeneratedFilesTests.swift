import Foundation
import Testing

/// Manual pages and completions in the checkout are what the tables make of them now.
///
/// With CELERY_RECORD=1 the tests write the files instead.
@Suite(.serialized) struct GeneratedFilesTests {
    static let remedy: Comment = "stale; rewrite it with: CELERY_RECORD=1 swift test --filter GeneratedFilesTests"
    static let isRecording = ProcessInfo.processInfo.environment["CELERY_RECORD"] == "1"

    @Test(arguments: GeneratedFile.all) func `is fresh`(_ file: GeneratedFile) throws {
        if Self.isRecording {
            try FileManager.default.createDirectory(at: file.url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try file.text.write(to: file.url, atomically: false, encoding: .utf8)
        }
        // Not compared in the macro: a whole page twice would be no help.
        let isFresh = (try? String(contentsOf: file.url, encoding: .utf8)) == file.text
        #expect(isFresh, Self.remedy)
    }

    @Test(arguments: ["man", "Completions"]) func `nothing else lies there`(_ folder: String) throws {
        let expected = GeneratedFile.all.map(\.path).filter { $0.hasPrefix("\(folder)/") }.map { String($0.dropFirst(folder.count + 1)) }
            + (folder == "man" ? GeneratedFile.handwritten : [])
        let stray = Set(try GeneratedFile.names(in: folder)).subtracting(expected)
        if Self.isRecording {
            for name in stray { try FileManager.default.removeItem(at: GeneratedFile.checkout.appending(path: "\(folder)/\(name)")) }
        }
        #expect(Self.isRecording || stray.isEmpty, Self.remedy)
    }
}
