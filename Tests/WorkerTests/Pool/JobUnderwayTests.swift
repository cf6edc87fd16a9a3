import CeleryCore
import Processes
import Tasks
import Testing
import Wire

@testable import Worker

/// Requests to terminate a job, whenever they come.
@Suite struct JobUnderwayTests {
    private func job(_ tag: Int64) -> JobRequest {
        JobRequest(
            tag: tag, attempt: 1, message: EncodedMessage(Message(task: "a", body: MessageBody(bytes: [], contentType: "application/json"))), taskName: "a", taskID: "a", program: "/bin/sleep", softTimeLimit: nil,
            hardTimeLimit: nil, maxOutputBytes: 100, retry: RetryPlan(), memoryLimit: nil)
    }

    /// Runs a program that ends by itself only much later.
    private func run(_ stop: ProgramStop?) throws -> WaitStatus {
        var run = ProgramRun(
            path: "/bin/sleep", args: [Array("600".utf8)], environment: Environment(), folder: "/", input: [], softTimeLimit: nil, hardTimeLimit: 60,
            maxOutputBytes: 100
        ) { _ in }
        run.stop = stop
        return try run.run().status
    }

    @Test func `a job that was taken from the queue and has not begun is ended when it begins`() throws {
        let underway = JobUnderway()
        underway.terminate(2, signal: 15)
        #expect(try run(underway.begin(job(2))) == .signaled(15, coreDumped: false))
        #expect(underway.end() == 15)
    }

    @Test func `a request for a job that has ended does not end the next`() {
        let underway = JobUnderway()
        _ = underway.begin(job(1))
        #expect(underway.end() == nil)
        underway.terminate(1, signal: 15)
        let stop = underway.begin(job(2))
        underway.terminate(1, signal: 15)
        #expect(stop?.hasBegun == false && underway.end() == nil)
    }
}
