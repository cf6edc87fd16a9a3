import CeleryCore
import Fixtures
import Glibc
import Tasks
import Testing
import Wire
import Worker

/// Jobs that were made for another state of their file than the one that a child finds.
@Suite struct OutdatedJobTests {
    @Test func `a child runs a program in the state that was read, and returns other jobs unbegun`() async throws {
        let bench = try Bench()
        let path = try bench.folder.program("task.sh", "#!/bin/sh\ntouch \"ran.$1\"\necho done\n")
        let read = try #require(FileMark(path))
        let pool = try Pool(
            PoolConfiguration(
                size: 1, executable: BuiltProgram("celery-example").path, arguments: ["pool-child", PoolChildMain.argument],
                folder: bench.folder.path))
        func request(_ tag: Int64, _ mark: FileMark?) -> JobRequest {
            let message = bench.message("task", [.int(tag)])
            var request = JobRequest(
                tag: tag, attempt: 1, message: EncodedMessage(message), taskName: "task", taskID: message.id.text, program: path,
                softTimeLimit: nil, hardTimeLimit: nil, maxOutputBytes: 1_000, retry: RetryPlan(isLeft: false, delay: 0))
            request.fileMark = mark
            return request
        }
        /// What became of a job: `true` if it ran.
        func hasRun(_ request: JobRequest) async throws -> Bool {
            pool.submit([request])
            return try await promptly("the end of the job", within: .seconds(60)) {
                while true {
                    for event in await pool.events.take() {
                        switch event {
                        case .report(let report) where report.tag == request.tag: return true
                        case .recalled([request.tag]): return false
                        default: break
                        }
                    }
                }
            }
        }
        #expect(try await hasRun(request(1, read)))
        #expect(try await hasRun(request(2, nil)))
        chmod(path, 0o700)
        #expect(try await !hasRun(request(3, read)))
        #expect(try await hasRun(request(4, FileMark(path))))
        unlink(path)
        #expect(try await !hasRun(request(5, read)))
        #expect(bench.folder.names.filter { $0.hasPrefix("ran.") } == ["ran.1", "ran.2", "ran.4"])
        pool.kill()
    }
}
