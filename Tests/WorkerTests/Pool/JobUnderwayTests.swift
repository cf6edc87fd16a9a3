import CeleryCore
import Tasks
import Testing
import Wire

@testable import Worker

/// Requests to terminate a job, whenever they come.
@Suite struct JobUnderwayTests {
    private func job(_ tag: Int64) -> JobRequest {
        let message = Message(task: "a", body: MessageBody(bytes: [], contentType: "application/json"))
        return JobRequest(
            tag: tag, attempt: 1, message: EncodedMessage(message), taskName: message.task, taskID: message.id.text, program: "/bin/sleep",
            softTimeLimit: nil, hardTimeLimit: nil, maxOutputBytes: 100, retry: RetryPlan())
    }

    @Test func `a job that was taken from the queue and has not begun is ended when it begins`() {
        let underway = JobUnderway()
        underway.terminate(2, signal: 15)
        // The program is not run here: its signal would go to all processes of the tests.
        #expect(underway.begin(job(2)) != nil && underway.end() == 15)
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
