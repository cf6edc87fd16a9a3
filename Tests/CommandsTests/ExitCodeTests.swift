import CeleryCore
import Tasks
import Testing

@testable import Commands

@Suite struct ExitCodeTests {
    private func result(_ state: TaskState, _ failure: TaskFailure? = nil) -> TaskResult {
        TaskResult(id: TaskID("x"), state: state, failure: failure)
    }

    @Test func `a success is 0, a revocation 125, what is not ready 75`() {
        #expect(ExitCode.of(result(.success)) == 0)
        #expect(ExitCode.of(result(.revoked, .revoked("expired"))) == 125)
        for state in [TaskState.pending, .received, .started, .retry] { #expect(ExitCode.of(result(state)) == 75) }
    }

    @Test(arguments: 1...255) func `a program's own status passes through, unless it would mean something else`(_ status: Int) {
        #expect(ExitCode.of(result(.failure, .exited(status: status, task: "t"))) == (status <= 123 ? Int32(status) : 1))
    }

    @Test func `the status of a command passes through, whatever it is, and is a shell's if the command did not run`() {
        func status(_ failure: TaskFailure) -> Int32 {
            var command = result(.failure, failure)
            command.task = CommandTask.name
            return ExitCode.of(command)
        }
        for number in 1...255 { #expect(status(.exited(status: number, task: "sh")) == Int32(number)) }
        #expect(status(.signaled(15, task: "sh")) == 143)
        #expect(status(CommandRefusal("not signed").failure) == 77)
        #expect(status(CommandMissing(name: "x", isForbidden: false).failure) == 127)
        #expect(status(CommandMissing(name: "x", isForbidden: true).failure) == 126)
        #expect(status(TaskFailure(type: "OSError", arguments: [2, "cannot run ./x: no such file"], module: "builtins")) == 127)
        #expect(status(TaskFailure(type: "OSError", arguments: [8, "cannot run ./x: no '#!' line"], module: "builtins")) == 126)
        #expect(status(.timeLimitExceeded(3)) == 1)
        #expect(status(.workerLost("gone")) == 126)
        #expect(ExitCode.of(result(.failure, CommandRefusal("not signed").failure)) == 1)
    }

    @Test(arguments: 1...64) func `a signal is added to 128`(_ signal: Int) {
        #expect(ExitCode.of(result(.failure, .signaled(signal, task: "t"))) == Int32(128 + signal))
    }

    @Test(arguments: [Int.min, -5_000_000_000, -128, -65, 0, 124, 256, Int.max])
    func `what no program ends with is a plain failure`(_ status: Int) {
        let failure = TaskFailure.exited(status: status, task: "t")
        #expect(ExitCode.of(result(.failure, failure)) == 1)
        let magnitude = status < 0 ? "died of signal \(status.magnitude)" : "returned exit status \(status)"
        #expect(failure.message == "t \(magnitude)")
    }

    @Test func `other failures`() {
        #expect(ExitCode.of(result(.failure)) == 1)
        #expect(ExitCode.of(result(.failure, TaskFailure(type: "ValueError", module: "builtins"))) == 1)
        #expect(ExitCode.of(result(.failure, .workerLost("gone"))) == 126)
        #expect(ExitCode.of(result(.failure, .notRegistered("t"))) == 127)
        #expect(ExitCode.of(result(.failure, .timeLimitExceeded(3))) == 1)
        #expect(ExitCode.of(result(.failure, .softTimeLimitExceeded(3))) == 1)
        // Another CalledProcessError than ours has no status to pass on.
        #expect(ExitCode.of(result(.failure, TaskFailure(type: "CalledProcessError", arguments: [3], module: "other"))) == 1)
    }

    @Test func `errors of drivers`() {
        let table: [(DriverError.Code, Int32)] = [
            (.unreachable, 69), (.noPermission, 77), (.tryAgain, 75), (.unusable, 65), (.refused, 65), (.alreadyThere, 65), (.cannotCreate, 73),
            (.configuration, 78), (.unsupported, 78),
        ]
        for (code, status) in table { #expect(ExitCode.of(code) == status) }
    }

    @Test func `of several states the first of 127, 125, 1, 75`() async throws {
        func status(_ states: TaskState...) -> Int32 {
            StatusCommand.exitStatus(states.map { TaskStatusFixture.make($0) })
        }
        #expect(status(.success, .success) == 0)
        #expect(status(.success, .started) == 75)
        #expect(status(.pending, .failure) == 1)
        #expect(status(.failure, .revoked, .retry) == 125)
        #expect(status(.revoked, .unknown, .failure) == 127)
    }
}
