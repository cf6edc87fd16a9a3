import Fixtures
import Foundation
import Glibc
import Testing

/// What becomes of a task: a test for each row of the table in celery(7), named as the row is.
@Suite(.blocking) struct FateTests {
    @Test func `each row of the manual has its test here`() throws {
        let checkout = URL(filePath: #filePath).deletingLastPathComponent()
        let sources = try FileManager.default.contentsOfDirectory(at: checkout, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix("FateTests") }
            .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        let rows = try Self.rows()
        #expect(rows.count >= 13)
        for row in rows { #expect(sources.contains("func `\(row)`("), "\(row)") }
    }

    /// The tags of the list under "WHAT BECOMES OF A TASK".
    static func rows() throws -> [String] {
        let manual = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../man/celery.7")
        let text = try String(contentsOf: manual, encoding: .utf8)
        let section = try #require(text.components(separatedBy: ".Sh WHAT BECOMES OF A TASK\n").last)
        let list = section.components(separatedBy: "\n.El").first ?? ""
        return list.split(separator: "\n").filter { $0.hasPrefix(".It ") }.map { String($0.dropFirst(4)) }
    }

    // MARK: What the program does

    /// Seconds from its start in which a program has by all means done what comes first in it.
    private static let first = 2 * Machine.factor

    @Test(arguments: FateCase.all) func `the program fails`(_ fate: FateCase) throws {
        let run = try FateRun(fate, "echo broken >&2; exit 3")
        try run.start()
        let id = try run.apply()
        let ended = try run.result(of: id)
        #expect(ended.status == 3, "\(ended)")
        #expect(try run.project.state(of: id) == "FAILURE")
        #expect(try run.isEmpty())
        #expect(run.runs == ["1 0"])
    }

    @Test(arguments: FateCase.all) func `it asks for another try`(_ fate: FateCase) throws {
        let run = try FateRun(
            fate, "[ \"$CELERY_TASK_RETRIES\" = 2 ] || exit 75; echo done", options: "max_retries=2 retry_delay=0.1")
        try run.start()
        #expect(try run.result(of: run.apply()) == Ended("done\n"))
        #expect(run.runs.map { $0.suffix(1) } == ["0", "1", "2"])
    }

    @Test(arguments: FateCase.all) func `it asks for more tries than it may`(_ fate: FateCase) throws {
        let run = try FateRun(fate, "exit 75", options: "max_retries=1 retry_delay=0.1")
        try run.start()
        let id = try run.apply()
        #expect(try run.result(of: id).status == 75)
        #expect(try run.project.state(of: id) == "FAILURE")
        #expect(run.runs.count == 2)
    }

    @Test(arguments: FateCase.all) func `the program dies of a signal`(_ fate: FateCase) throws {
        let run = try FateRun(fate, "kill -USR1 $$")
        try run.start()
        #expect(try run.result(of: run.apply()).status == 128 + SIGUSR1)
        #expect(try run.isEmpty())
        #expect(run.runs == ["1 0"])
    }

    @Test(arguments: FateCase.all) func `it passes its soft limit`(_ fate: FateCase) throws {
        let run = try FateRun(
            fate, "trap 'echo tidied >>tidied; exit 1' TERM; sleep 600 & wait", options: "soft_time_limit=\(Self.first)")
        try run.start()
        let ended = try run.result(of: run.apply())
        #expect(ended.status == 1)
        #expect(ended.errors.hasPrefix("SoftTimeLimitExceeded: "), "\(ended)")
        #expect(run.project.read("tidied") == "tidied\n")
        #expect(run.runs == ["1 0"])
    }

    @Test(arguments: FateCase.all) func `it passes its hard limit`(_ fate: FateCase) throws {
        let run = try FateRun(fate, "trap '' TERM; (setsid sleep 601 &); sleep 602", options: "time_limit=\(Self.first)")
        try run.start()
        let ended = try run.result(of: run.apply())
        #expect(ended.status == 1)
        #expect(ended.errors.hasPrefix("TimeLimitExceeded: "), "\(ended)")
        #expect(run.runs == ["1 0"])
        #expect(!run.sleeps("601") && !run.sleeps("602"))
    }
}

extension FateRun {
    /// Whether a `sleep` of so long is left of this run.
    func sleeps(_ seconds: String) -> Bool {
        Leftovers.processes(of: project.folder).contains { number in
            Leftovers.content("/proc/\(number)/cmdline").split(separator: 0).last.map { $0.elementsEqual(seconds.utf8) } ?? false
        }
    }
}
