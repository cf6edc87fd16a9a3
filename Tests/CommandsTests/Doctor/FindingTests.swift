import CeleryCore
import Testing

@testable import Commands

/// How findings of `celery doctor` are judged and shown.
@Suite struct FindingTests {
    @Test func `a finding says what to do below what was found`() {
        let finding = Finding("probe", .error, "does not consume", hint: "restart it", worker: "w@h", details: ["since noon"])
        #expect(finding.lines == "error    probe        w@h: does not consume\n           since noon\n         hint: restart it")
        #expect(finding.object["state"] == "error" && finding.object["hint"] == "restart it" && finding.object["worker"] == "w@h")
    }

    @Test func `states are ordered by how bad they are`() {
        #expect([Finding.State.error, .ok, .warning, .unknown].sorted() == [.ok, .unknown, .warning, .error])
    }

    @Test func `passwords of errors are hidden`() {
        let finding = Finding("broker", DriverError(.unreachable, "cannot reach amqp://me:sesame@h/", hint: "see amqp://me:sesame@h/"))
        #expect(!finding.lines.contains("sesame") && finding.state == .error)
    }

    @Test(arguments: [
        (free: 100 << 30, size: 1_000 << 30, .ok), (free: 3 << 30, size: 1_000 << 30, .warning), (free: 400 << 20, size: 8 << 30, .warning),
        (free: 20 << 20, size: 100 << 30, .error), (free: 60 << 20, size: 100 << 20, .ok),
    ] as [(free: Int, size: Int, Finding.State)])
    func `a disk is judged by bytes and by its share`(free: Int, size: Int, state: Finding.State) {
        #expect(DiskCheck().finding(DiskCheck.Room(path: "/srv", free: free, size: size)).state == state)
    }

    @Test(arguments: [(0.0, .ok), (0.4, .ok), (-2.5, .warning), (3_600, .error)] as [(Double, Finding.State)])
    func `a clock that is off is told, and a wrong one is an error`(offset: Double, state: Finding.State) {
        let member = Fleet.Member(name: "w@h", queues: [], kind: .probed, clockOffset: offset)
        #expect(ClockCheck().finding(member)?.state == state)
    }
}
