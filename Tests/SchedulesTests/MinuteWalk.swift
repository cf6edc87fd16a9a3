import CeleryCore
import Foundation
import Schedules
import Testing

/// Runs `minute_walk.py` and holds what it found against what `Schedule` says.
struct MinuteWalk {
    /// What was compared.
    struct Tally: Sendable {
        var zones: Set<String> = []
        /// Lists of due times: one for each line and zone.
        var lists = 0
        var dueTimes = 0

        static func + (left: Self, right: Self) -> Self {
            Tally(zones: left.zones.union(right.zones), lists: left.lists + right.lists, dueTimes: left.dueTimes + right.dueTimes)
        }
    }

    struct Failed: Error {
        var reason: String
    }

    /// Zones with the same data, and where to look.
    private struct Group {
        var names: [String]
        var spans: [(start: Int, end: Int)] = []
    }

    private var lines: [String] = []
    private var group = Group(names: [])
    private var tally = Tally()
    /// Seconds between the steps of the walk, for the explanation of a difference.
    private let step: Int

    /// - Parameter step: Seconds between the steps that this mode of the script takes.
    static func compare(_ arguments: String..., step: Int = 60) async throws -> Tally {
        let output = try await run(arguments)
        var walk = MinuteWalk(step: step)
        guard output.last == "end" else { throw Failed(reason: "the script did not come to its end") }
        for line in output.dropLast() { try walk.take(line) }
        return walk.tally
    }

    private init(step: Int) { self.step = step }

    private mutating func take(_ line: String) throws {
        let words = line.split(separator: " ")
        switch words[0] {
        case "L": lines.append(words[2...].joined(separator: " "))
        case "Z": group = Group(names: words.dropFirst().map(String.init))
        case "W": group.spans.append((Int(words[1])!, Int(words[2])!))
        case "D":
            for name in group.names {
                try compare(zone: name, line: lines[Int(words[1])!], count: Int(words[2])!, digest: UInt64(words[3])!)
            }
        default: throw Failed(reason: "the script printed '\(line)'")
        }
    }

    private mutating func compare(zone name: String, line: String, count: Int, digest: UInt64) throws {
        let schedule = try Schedule("\(line) \(name)")
        var found = 0
        var foundDigest: UInt64 = 0
        for span in group.spans {
            // Asked anew a little behind the middle. That is where the clock is set, in most spans, so that
            // the answer must not depend on having seen the hour that comes twice for the first time.
            let middle = (span.start + span.end) / 2 + 17 * 60
            for (start, end) in [(span.start, middle), (middle, span.end)] {
                for due in schedule.times(after: start - 1, through: end - 1) {
                    found += 1
                    foundDigest = foundDigest &* 1_000_003 &+ UInt64(bitPattern: Int64(due))
                }
            }
        }
        tally.zones.insert(name)
        tally.lists += 1
        tally.dueTimes += found
        if found != count || foundDigest != digest { try explain(schedule, line, name) }
    }

    /// Records the first due time that differs.
    private func explain(_ schedule: Schedule, _ line: String, _ name: String) throws {
        for span in group.spans {
            let printed = try Self.lines(
                of: Self.process(["list", name, "\(span.start)", "\(span.end)", "\(step)", line]))
            let theirs = printed[0].dropFirst(line.count).split(separator: " ").map { Int($0)! }
            let middle = (span.start + span.end) / 2 + 17 * 60
            let ours = schedule.times(after: span.start - 1, through: middle - 1) + schedule.times(after: middle - 1, through: span.end - 1)
            guard ours != theirs else { continue }
            let place = zip(ours, theirs).prefix { $0 == $1 }.count
            Issue.record(
                "\(line) in \(name): due at \(ours.dropFirst(place).prefix(3)), by the walk at \(theirs.dropFirst(place).prefix(3))")
            return
        }
        Issue.record("\(line) in \(name): the digests differ, the lists do not")
    }

    // MARK: Running the script

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "minute_walk.py").path

    private static func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-I", script] + arguments
        return process
    }

    static func run(_ arguments: [String]) async throws -> [String] {
        // Not on a thread of the concurrency pool, where other tests run meanwhile.
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try lines(of: process(arguments)) }) }
        }
    }

    private static func lines(of process: Process) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appending(path: "minute-walk-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        process.standardOutput = try FileHandle(forWritingTo: file)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(reason: "the script ended with \(process.terminationStatus)") }
        return String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

extension Schedule {
    /// Due times in whole seconds since the epoch.
    func times(after: Int, through: Int) -> [Int] {
        times(after: Timestamp(seconds: Double(after)), through: Timestamp(seconds: Double(through))).map { Int($0.seconds) }
    }
}
