import Arguments
import CeleryCore
import Configuration
import Glibc
import Processes
import Testing

@testable import Commands
@testable import Worker

@Suite struct ReportTests {
    private struct Strange: Error {}

    private func described(_ error: any Error) -> [String] {
        let error = Report.describe(error)
        return ["\(error.status)", error.message] + (error.hint.map { [$0] } ?? [])
    }

    @Test func `says what is wrong, and what to do`() {
        #expect(described(CommandError(65, "no", hint: "yes")) == ["65", "no", "yes"])
        #expect(described(ArgumentError("unknown option '-x'", hint: "see --help")) == ["64", "unknown option '-x'", "see --help"])
        #expect(described(DriverError(.unreachable, "nobody there", hint: "start it")) == ["69", "nobody there", "start it"])
        #expect(described(DriverError.lacks("count queues", "memory://")) == ["78", "memory:// cannot count queues"])
        #expect(described(SettingsError(.badValue, at: "celery.toml:3", "X must be text", hint: "quote it"))
            == ["78", "celery.toml:3: X must be text", "quote it"])
        #expect(described(SettingsError(.noPermission, "cannot read celery.toml: permission denied"))
            == ["77", "cannot read celery.toml: permission denied"])
        #expect(described(PIDFile.Refusal.live(path: "/w.pid", pid: 7)) == ["73", "pidfile /w.pid is held by process 7, which is running"])
        #expect(described(WorkerError(description: "the pool failed: x")) == ["70", "the pool failed: x"])
        #expect(described(CancellationError()) == ["75", "interrupted"])
        #expect(described(Strange()) == ["70", "unexpected: Strange()"])
    }

    @Test func `tells refusals of the kernel apart`() {
        #expect(described(SystemError(EACCES, "open log file", path: "/x")) == ["77", "cannot open log file /x: permission denied"])
        #expect(described(SystemError(EPERM, "become user 1")) == ["77", "cannot become user 1: operation not permitted"])
        #expect(described(SystemError(EMFILE, "open x")) == ["75", "cannot open x: too many open files"])
        #expect(described(SystemError(ENOENT, "open log file", path: "/x")) == ["73", "cannot open log file /x: no such file or directory"])
        #expect(described(PIDFile.Refusal.system(SystemError(ENOENT, "create pidfile", path: "/x")))
            == ["73", "cannot create pidfile /x: no such file or directory"])
    }
}
