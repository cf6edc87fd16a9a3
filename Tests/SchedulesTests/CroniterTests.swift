import CeleryCore
import Fixtures
import Foundation
import Schedules
import Testing

/// Our due times against those of a library that Python programs use. The script says where that one differs from cron.
@Suite struct CroniterTests {
    /// 100,000 under `Tests/run --all`.
    private static let count = fuzzRounds(20_000)

    @Test(.timeLimit(.minutes(10))) func `agrees with croniter about random lines`() async throws {
        var random = SeededGenerator(seed: 4)
        var text = ""
        for _ in 0..<Self.count {
            let line = Self.line(&random)
            let start = Int.random(in: 946_684_800...2_524_608_000, using: &random)
            let due = Array(try Schedule("\(line) UTC").times(after: Timestamp(seconds: Double(start))).prefix(3)).map { String(Int($0.seconds)) }
            text += "\(start)\t\(due.isEmpty ? "-" : due.joined(separator: " "))\t\(line)\n"
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "croniter-\(UUID().uuidString)")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "croniter_check.py").path
        let output = try await PythonCelery(version: "5.7").run(
            "import runpy, sys; runpy.run_path(sys.argv[2])", [file.path, script], with: ["croniter"]
        ).split(separator: "\n").map(String.init)
        #expect(output.last == "\(Self.count) 0", "\(output.joined(separator: "\n"))")
    }

    /// Five fields of all the forms that both know.
    private static func line(_ random: inout SeededGenerator) -> String {
        [
            field(0...59, [], &random), field(0...23, [], &random), field(1...31, [], &random),
            field(1...12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], &random),
            field(0...6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"], &random),
        ].joined(separator: " ")
    }

    private static func field(_ range: ClosedRange<Int>, _ names: [String], _ random: inout SeededGenerator) -> String {
        let isOpen = Int.random(in: 0..<5, using: &random) < 2
        if isOpen { return "*" }
        let count = [1, 1, 1, 2, 3].randomElement(using: &random)!
        return (0..<count).map { _ in part(range, names, &random) }.joined(separator: ",")
    }

    private static func part(_ range: ClosedRange<Int>, _ names: [String], _ random: inout SeededGenerator) -> String {
        func word(_ number: Int) -> String {
            guard !names.isEmpty, Bool.random(using: &random) else { return String(number) }
            return names[number - range.lowerBound]
        }
        let first = Int.random(in: range, using: &random)
        let last = Int.random(in: first...range.upperBound, using: &random)
        let step = Int.random(in: 1...max(1, range.count / 2), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return "*/\(step)"
        case 1: return "\(word(first))-\(word(last))"
        case 2: return "\(word(first))-\(word(last))/\(step)"
        default: return word(first)
        }
    }
}
